using Azure.Storage.Blobs;
using BuildingMgmt.LocalRuntime.Tests.EventHubs;
using BuildingMgmt.LocalRuntime.Tests.Hosting;
using BuildingMgmt.Testing;

namespace BuildingMgmt.LocalRuntime.Tests.Timer;

/// <summary>One timer in several processes that are killed and stopped, in real time.</summary>
public sealed class TimerProcessTests(AzuriteFixture azurite)
{
    private const string EverySecond = "* * * * * *";

    // A lease of a killed process lasts 15 s, and the machine may be busy.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    private readonly string _hostId = $"timer-{Guid.NewGuid():N}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Timer_runs_in_one_of_two_processes_and_in_the_other_when_that_is_killed()
    {
        await using var hub = await TestHub.StartAsync(azurite);
        using var folder = new ScratchFolder();
        string[] logs = [folder.File("first.txt"), folder.File("second.txt")];
        await using var first = TestAppProcess.Start(hub, logs[0], EverySecond, _hostId);
        await RunsAsync(logs[0], atLeast: 1);
        await using var second = TestAppProcess.Start(hub, logs[1], EverySecond, _hostId);
        // It has asked for the lease a few times by the time that the first one has run so often.
        await second.SaysAsync("Application started", Deadline);
        await RunsAsync(logs[0], atLeast: Runs(logs[0]).Count + 8);
        Assert.Empty(Runs(logs[1]));

        await first.KillAsync();
        var ofTheKilled = Runs(logs[0]).Count;
        await RunsAsync(logs[1], atLeast: 3);

        await using var again = TestAppProcess.Start(hub, logs[0], EverySecond, _hostId);
        await again.SaysAsync("Application started", Deadline);
        await RunsAsync(logs[1], atLeast: Runs(logs[1]).Count + 8);
        Assert.Equal(ofTheKilled, Runs(logs[0]).Count);
        Assert.All(logs.SelectMany(Runs), run => Assert.EndsWith("in time", run, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_that_was_missed_while_no_process_lived_is_made_up_once_by_the_next_one()
    {
        await using var hub = await TestHub.StartAsync(azurite);
        using var folder = new ScratchFolder();
        var log = folder.File("runs.txt");
        // What is left by a process that was stopped before this day.
        var due = new DateTime(2024, 2, 29, 0, 0, 0, DateTimeKind.Utc);
        var status = new BlobServiceClient(azurite.ConnectionString).GetBlobContainerClient("azure-webjobs-hosts");
        await status.CreateIfNotExistsAsync(cancellationToken: Token);
        await status.GetBlobClient($"timers/{_hostId}/Host.Functions.LogTimer/status").UploadAsync(
            BinaryData.FromObjectAsJson(new { Last = due.AddYears(-4), Next = due, LastUpdated = due.AddYears(-4) }), Token);

        await using (TestAppProcess.Start(hub, log, hostId: _hostId))
            await RunsAsync(log, atLeast: 1);
        await using (var next = TestAppProcess.Start(hub, log, hostId: _hostId))
            await next.SaysAsync("Timer LogTimer is run by this process", Deadline);

        Assert.EndsWith("past due", Assert.Single(Runs(log)), StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Runs(string log) =>
        [.. TestAppProcess.Lines(log).Where(line => line.StartsWith("timer ", StringComparison.Ordinal))];

    private static Task RunsAsync(string log, int atLeast) => Eventually.TrueAsync(
        () => Task.FromResult(Runs(log).Count >= atLeast), Deadline, $"{Path.GetFileName(log)} has {atLeast} runs", Token);
}
