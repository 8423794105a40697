using System.Globalization;
using BuildingMgmt.EventHubsEndpoint.Tests.Peers;
using BuildingMgmt.Testing;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Processes;

public sealed class CommandTests
{
    [Fact]
    public async Task A_port_that_is_taken_is_named_with_the_option_that_changes_it()
    {
        using var folder = new ScratchFolder();
        using var other = new LocalEndpoint();
        var port = other.Port.ToString(CultureInfo.InvariantCulture);
        var (exitCode, error) = await EndpointProcess.FailAsync("key", "--port", port, "--data", folder.Path);

        Assert.Equal(1, exitCode);
        Assert.Contains(port, error, StringComparison.Ordinal);
        Assert.Contains("--amqp-port", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--partitions", "0")]
    [InlineData("--partitions", "33")]
    [InlineData("--retention-hours", "0")]
    [InlineData("--retention-bytes", "10")]
    [InlineData("--port", "70000")]
    public async Task A_bad_option_is_named(string option, string value)
    {
        using var folder = new ScratchFolder();
        var (exitCode, error) = await EndpointProcess.FailAsync("key", "--data", folder.Path, option, value);

        Assert.Equal(1, exitCode);
        Assert.Contains($"{option} takes", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_key_it_says_where_the_key_comes_from()
    {
        using var folder = new ScratchFolder();
        var (exitCode, error) = await EndpointProcess.FailAsync(null, "--data", folder.Path);

        Assert.Equal(1, exitCode);
        Assert.Contains(EndpointCommand.KeyVariable, error, StringComparison.Ordinal);
    }
}
