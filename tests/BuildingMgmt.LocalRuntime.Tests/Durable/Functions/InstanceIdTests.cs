using BuildingMgmt.LocalRuntime.Durable.Client;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Functions;

public sealed class InstanceIdTests
{
    [Theory]
    [InlineData("@entity", "begins with \"@\"")]
    [InlineData("a/b", "holds \"/\"")]
    [InlineData("a\nb", "control character U+000A")]
    public void An_id_that_the_real_extension_refuses_is_refused(string id, string message)
    {
        var error = Assert.Throws<ArgumentException>(() => InstanceIds.Check(id));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_id_has_at_most_100_characters_and_no_half_pairs()
    {
        InstanceIds.Check(new string('a', 100));

        Assert.Throws<ArgumentException>(() => InstanceIds.Check(new string('a', 101)));

        // Not as a parameter of the test: metadata is UTF-8, which has no half pairs.
        Assert.Contains("surrogate", Assert.Throws<ArgumentException>(() => InstanceIds.Check("a\ud800b")).Message, StringComparison.Ordinal);
    }
}
