using BuildingMgmt.Functions.Ingest;

namespace BuildingMgmt.Functions.Tests.Ingest;

public sealed class EventSchemaTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData("application/json;")]
    [InlineData("application/json;schema=1")]
    [InlineData("application/json ; Schema=\"1\" ;charset=utf-8")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/json;note=\"a;schema=2\"")]
    public void Content_type_without_another_schema_is_version_1(string? contentType) => Assert.Null(EventSchema.WhyUnknown(contentType));

    [Theory]
    [InlineData("application/json;schema=2")]
    [InlineData("application/json;schema=01")]
    [InlineData("application/json;schema=1.0")]
    [InlineData("application/json;schema=")]
    [InlineData("application/json;schema=\"\"")]
    [InlineData("application/json;schema")]
    [InlineData("application/json;schema =1")]
    [InlineData("application/json;schema=1 2")]
    [InlineData("application/json;schema=\"1")]
    [InlineData("application/json;schema=\"1\"x")]
    [InlineData("application/json;schema=1;schema=1")]
    [InlineData("application/json;=1")]
    [InlineData("text/plain;schema=2")]
    public void Another_schema_or_one_that_cannot_be_read_is_unknown(string contentType) =>
        Assert.Contains(contentType, EventSchema.WhyUnknown(contentType), StringComparison.Ordinal);

    [Fact]
    public void Content_type_without_parameters_costs_nothing()
    {
        EventSchema.WhyUnknown("application/json");
        var before = GC.GetAllocatedBytesForCurrentThread();
        EventSchema.WhyUnknown("application/json");
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
