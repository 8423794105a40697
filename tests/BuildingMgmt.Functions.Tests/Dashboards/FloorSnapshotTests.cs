using BuildingMgmt.Functions.Dashboards;
using Microsoft.AspNetCore.Http;

namespace BuildingMgmt.Functions.Tests.Dashboards;

public sealed class FloorSnapshotTests
{
    private readonly FloorSnapshot snapshot = new("{\"a\":1}"u8.ToArray());

    [Fact]
    public void Entity_tag_follows_the_content()
    {
        Assert.Equal(snapshot.ETag, new FloorSnapshot("{\"a\":1}"u8.ToArray()).ETag);
        Assert.NotEqual(snapshot.ETag, new FloorSnapshot("{\"a\":2}"u8.ToArray()).ETag);
        Assert.Matches("^\"[A-Za-z0-9_-]{22}\"$", snapshot.ETag);
    }

    [Fact]
    public async Task Caller_without_a_tag_gets_the_body()
    {
        var (response, body) = await AnswerAsync();
        Assert.Equal(200, response.StatusCode);
        Assert.Equal("{\"a\":1}", body);
        Assert.Equal(7, response.ContentLength);
        Assert.Equal(snapshot.ETag, response.Headers.ETag);
        Assert.Equal("private, no-cache", response.Headers.CacheControl);
    }

    [Theory]
    [InlineData("TAG")]
    [InlineData("W/TAG")]
    [InlineData("\"other\", TAG")]
    [InlineData("\"other\"|TAG")]
    [InlineData("*")]
    public async Task Caller_who_knows_the_content_gets_304_without_a_body(string ifNoneMatch)
    {
        var (response, body) = await AnswerAsync(ifNoneMatch.Replace("TAG", snapshot.ETag, StringComparison.Ordinal).Split('|'));
        Assert.Equal(304, response.StatusCode);
        Assert.Equal("", body);
        Assert.Equal(snapshot.ETag, response.Headers.ETag);
    }

    [Theory]
    [InlineData("\"other\"")]
    [InlineData("nonsense")]
    [InlineData("")]
    public async Task Caller_who_knows_something_else_gets_the_body(string ifNoneMatch)
    {
        var (response, body) = await AnswerAsync(ifNoneMatch);
        Assert.Equal(200, response.StatusCode);
        Assert.Equal("{\"a\":1}", body);
    }

    private async Task<(HttpResponse Response, string Body)> AnswerAsync(params string[] ifNoneMatch)
    {
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Response.Body = body;
        if (ifNoneMatch.Length > 0)
            context.Request.Headers.IfNoneMatch = ifNoneMatch;
        await snapshot.ExecuteAsync(context);
        return (context.Response, System.Text.Encoding.UTF8.GetString(body.ToArray()));
    }
}
