using System.Net;
using System.Net.Sockets;
using BuildingMgmt.Testing;

namespace BuildingMgmt.LocalStack.Tests;

/// <summary>What the command says when it cannot start; nothing is started then.</summary>
public sealed class RefusalTests : IDisposable
{
    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Help_lists_every_option()
    {
        var (exitCode, output) = await StackCommandRun.ToEndAsync(folder.File("data"), ["--help"]);
        Assert.Equal(0, exitCode);
        string[] options =
        [
            "--data", "--http-port", "--amqp-port", "--storage-port", "--postgres-port", "--instances", "--no-demo", "--faults",
            "--replay", "--speed", "--exit-when-done", "--postgres", "--storage", "--event-hubs", "--restart-services",
        ];
        Assert.All(options, option => Assert.Contains($"  {option} ", output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--http-port", "the app")]
    [InlineData("--amqp-port", "the Event Hubs endpoint")]
    [InlineData("--storage-port", "Azurite")]
    [InlineData("--postgres-port", "PostgreSQL")]
    public async Task Taken_port_is_named_with_the_option_that_changes_it(string option, string service)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        var (exitCode, output) = await StackCommandRun.ToEndAsync(folder.File("data"), [option, $"{port}"]);

        Assert.Equal(1, exitCode);
        Assert.Contains($"Port {port} of 127.0.0.1, meant for {service}, is taken", output, StringComparison.Ordinal);
        Assert.Contains(option, output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("data", "postgres")), "nothing is started");
    }

    [Theory]
    [InlineData("--instances is 0", "--instances", "0")]
    [InlineData("--http-port is 65535", "--http-port", "65535", "--instances", "2")]
    [InlineData("--storage-port is 65534", "--storage-port", "65534")]
    [InlineData("Port 21072 is meant for both the app and the Event Hubs endpoint", "--http-port", "21071", "--instances", "3", "--amqp-port", "21072")]
    [InlineData("need --replay", "--exit-when-done")]
    [InlineData("there is no \"readings.csv.gz\"", "--replay", "no-such-folder")]
    [InlineData("--no-demo leaves out", "--no-demo", "--faults", "all")]
    [InlineData("Fault \"hiccups\" is unknown. Choose from doubles, late,", "--faults", "late,hiccups")]
    [InlineData("Speed \"fast\" is neither a number above 0 nor \"max\".", "--replay", "no-such-folder", "--speed", "fast")]
    [InlineData("Speed \"1,5\" is neither", "--replay", "no-such-folder", "--speed", "1,5")]
    [InlineData("Speed \"Infinity\" is neither", "--replay", "no-such-folder", "--speed", "Infinity")]
    [InlineData("Unrecognized command or argument", "--no-such-option")]
    public async Task Wrong_option_is_refused_with_its_reason(string reason, params string[] arguments)
    {
        var (exitCode, output) = await StackCommandRun.ToEndAsync(folder.File("data"), arguments);
        Assert.Equal(1, exitCode);
        Assert.Contains(reason, output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("data", "postgres")), "nothing is started");
    }

    [Fact]
    public async Task Missing_node_is_said_with_what_to_install()
    {
        var (exitCode, output) = await StackCommandRun.ToEndAsync(folder.File("data"), [], OnlyThisPath());
        Assert.Equal(1, exitCode);
        Assert.Contains("Node.js is not in PATH. Install Node.js 20 or newer", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Old_node_is_said_with_what_to_install()
    {
        var node = folder.File("node");
        await File.WriteAllTextAsync(node, "#!/bin/sh\necho v16.20.2\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(node, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var (exitCode, output) = await StackCommandRun.ToEndAsync(folder.File("data"), [], OnlyThisPath());
        Assert.Equal(1, exitCode);
        Assert.Contains("is Node.js v16.20.2. Install Node.js 20 or newer", output, StringComparison.Ordinal);
    }

    private Dictionary<string, string> OnlyThisPath() => new() { ["PATH"] = folder.Path };
}
