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
    [InlineData("--replay names no folder", "--replay", "")]
    [InlineData("--event-hubs is no connection string that can be used: The Event Hubs", "--event-hubs", "Endpoint=http://x")]
    [InlineData("SharedAccessKeyName is missing", "--event-hubs", "Endpoint=sb://x")]
    [InlineData("--postgres is no connection string that can be used: Format of the", "--postgres", "garbage")]
    [InlineData("it names no Host", "--postgres", "Username=me")]
    [InlineData("--storage is no connection string that can be used", "--storage", "garbage")]
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

    [Theory]
    [InlineData("eventHubsKey", "\"\"", "\"eventHubsKey\" is empty")]
    [InlineData("postgresOwner", "null", "postgresOwner")]
    [InlineData("users", "[null]", "no name or no password")]
    public async Task Secret_that_is_missing_is_named_with_its_file(string name, string value, string reason)
    {
        var secrets = new Dictionary<string, string>
        {
            ["postgresAdministrator"] = "\"a\"", ["postgresOwner"] = "\"o\"", ["storageKey"] = "\"AAAA\"", ["eventHubsKey"] = "\"AAAA\"",
            ["signingKey"] = "\"k\"", ["users"] = "[]", [name] = value,
        };
        Directory.CreateDirectory(folder.File("data"));
        await File.WriteAllTextAsync(
            folder.File("data", "secrets.json"), $"{{{string.Join(',', secrets.Select(secret => $"\"{secret.Key}\":{secret.Value}"))}}}",
            TestContext.Current.CancellationToken);

        var (exitCode, output) = await StackCommandRun.ToEndAsync(folder.File("data"), []);

        Assert.Equal(1, exitCode);
        Assert.Contains($"\"{folder.File("data", "secrets.json")}\" cannot be read", output, StringComparison.Ordinal);
        Assert.Contains(reason, output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("data", "event-hubs")), "nothing is started");
    }

    [Fact]
    public async Task Lock_that_cannot_be_opened_is_not_taken_for_another_stack()
    {
        Directory.CreateDirectory(folder.File("data"));
        File.CreateSymbolicLink(folder.File("data", "lock"), "lock");

        var (exitCode, output) = await StackCommandRun.ToEndAsync(folder.File("data"), []);

        Assert.Equal(1, exitCode);
        Assert.Contains(folder.File("data", "lock"), output, StringComparison.Ordinal);
        Assert.DoesNotContain("Another stack", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folder_that_was_there_keeps_its_mode()
    {
        const UnixFileMode everybodyLooks = (UnixFileMode)0b111_101_101;
        Directory.CreateDirectory(folder.File("data"));
        File.SetUnixFileMode(folder.File("data"), everybodyLooks);
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        // It gets as far as its ports.
        await StackCommandRun.ToEndAsync(folder.File("data"), ["--amqp-port", $"{((IPEndPoint)other.LocalEndpoint).Port}"]);

        Assert.Equal(everybodyLooks, File.GetUnixFileMode(folder.File("data")));
    }

    [Fact]
    public async Task Data_folder_without_a_name_is_refused()
    {
        var (exitCode, output) = await StackCommandRun.ToEndAsync("", []);
        Assert.Equal(1, exitCode);
        Assert.Equal("--data names no folder.", output);
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
