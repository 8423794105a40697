using System.Text.Json;
using Azure.Storage.Blobs;
using BuildingMgmt.LocalRuntime.Tests.Hosting;
using BuildingMgmt.LocalRuntime.Timer;
using BuildingMgmt.Testing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.LocalRuntime.Tests.Timer;

public sealed class TimerRuns
{
    private readonly Lock _lock = new();
    private readonly List<(string Host, TimerInfo Info)> _runs = [];

    public void Add(string host, TimerInfo info)
    {
        lock (_lock)
            _runs.Add((host, info));
    }

    public IReadOnlyList<(string Host, TimerInfo Info)> All
    {
        get
        {
            lock (_lock)
                return [.. _runs];
        }
    }
}

public sealed record HostName(string Name);

public sealed class HourlyFunction(TimerRuns runs, HostName host)
{
    [Function("Hourly")]
    public void Run([TimerTrigger("%HourlySchedule%")] TimerInfo timer) => runs.Add(host.Name, timer);
}

public sealed class StartupFunction(TimerRuns runs, HostName host)
{
    [Function("AtStartup")]
    public void Run([TimerTrigger("01:00:00", RunOnStartup = true)] TimerInfo timer) => runs.Add(host.Name, timer);
}

public sealed class OftenFunction(TimerRuns runs, HostName host)
{
    [Function("Often")]
    public void Run([TimerTrigger("*/10 * * * * *")] TimerInfo timer) => runs.Add(host.Name, timer);
}

/// <summary>Time stands still but for the test's hand; storage is a real Azurite.</summary>
public sealed class TimerTests(AzuriteFixture azurite)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    // Less than a lease lasts: who sleeps longer has lost it, and asks for it again before it runs.
    private readonly FakeTimeProvider _time = new(Noon.AddSeconds(-10));
    private readonly TimerRuns _runs = new();
    private readonly string _hostId = $"timer-{Guid.NewGuid():N}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private BlobContainerClient Container => new BlobServiceClient(azurite.ConnectionString).GetBlobContainerClient("azure-webjobs-hosts");

    [Fact]
    public async Task Timer_runs_when_its_time_has_come_and_keeps_its_status_where_the_real_host_does()
    {
        await using var host = await StartAsync<HourlyFunction>("a");
        await StatusAsync("Hourly", status => status.Next == Noon);
        Assert.Empty(_runs.All);

        _time.SetUtcNow(Noon);

        var status = await StatusAsync("Hourly", status => status.Last == Noon);
        Assert.Equal(Noon.AddHours(1), status.Next);
        var run = Assert.Single(_runs.All);
        Assert.False(run.Info.IsPastDue);
        Assert.Equal(Noon.UtcDateTime, run.Info.ScheduleStatus!.Next);
    }

    [Fact]
    public async Task Run_that_was_missed_while_no_process_lived_is_made_up_once()
    {
        await using (await StartAsync<HourlyFunction>("a"))
            await StatusAsync("Hourly", status => status.Next == Noon);
        _time.SetUtcNow(Noon.AddHours(3).AddMinutes(20));

        await using (await StartAsync<HourlyFunction>("b"))
            await StatusAsync("Hourly", status => status.Next == Noon.AddHours(4));
        _time.SetUtcNow(Noon.AddHours(4).AddSeconds(-10));
        await using (await StartAsync<HourlyFunction>("c"))
        {
            _time.SetUtcNow(Noon.AddHours(4));
            await RunsAsync(2);
        }

        Assert.Equal([("b", true), ("c", false)], _runs.All.Select(run => (run.Host, run.Info.IsPastDue)));
    }

    [Fact]
    public async Task Changed_schedule_is_not_a_missed_run()
    {
        await using (await StartAsync<HourlyFunction>("a"))
            await StatusAsync("Hourly", status => status.Next == Noon);
        _time.SetUtcNow(Noon.AddHours(2));

        await using var host = await StartAsync<HourlyFunction>("b", schedule: "0 30 18 * * *");

        await StatusAsync("Hourly", status => status.Next == new DateTimeOffset(2026, 3, 1, 18, 30, 0, TimeSpan.Zero));
        Assert.Empty(_runs.All);
    }

    [Fact]
    public async Task One_of_two_processes_runs_the_timer_and_the_other_takes_over_when_it_goes()
    {
        const string eachMinute = "0 * * * * *";
        var first = await StartAsync<HourlyFunction>("first", eachMinute);
        await StatusAsync("Hourly", status => status.Next == Noon);
        await using var second = await StartAsync<HourlyFunction>("second", eachMinute);

        _time.SetUtcNow(Noon);
        await StatusAsync("Hourly", status => status.Last == Noon);
        await first.DisposeAsync();

        // The other asks for the lease every few seconds of its time.
        await Eventually.TrueAsync(
            () =>
            {
                if (_runs.All.Count < 2)
                    _time.Advance(TimeSpan.FromSeconds(5));
                return Task.FromResult(_runs.All.Count >= 2);
            },
            Deadline,
            "the second process runs the timer",
            Token);

        Assert.Equal(["first", "second"], _runs.All.Select(run => run.Host).Take(2));
    }

    [Fact]
    public async Task Timer_that_runs_on_startup_runs_once_at_each_start()
    {
        await using (await StartAsync<StartupFunction>("a"))
            await RunsAsync(1);
        await using (await StartAsync<StartupFunction>("b"))
            await RunsAsync(2);

        Assert.Equal(["a", "b"], _runs.All.Select(run => run.Host));
    }

    [Fact]
    public async Task Timer_of_seconds_keeps_no_status()
    {
        await using var host = await StartAsync<OftenFunction>("a");

        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(10));
                return Task.FromResult(_runs.All.Count > 0);
            },
            Deadline,
            "the timer runs",
            Token);

        Assert.Null(_runs.All[0].Info.ScheduleStatus);
        Assert.False(await Container.GetBlobClient(StatusName("Often")).ExistsAsync(Token));
    }

    [Theory]
    [InlineData("0 */5 * * * *", "2026-03-01T12:05:00Z")]
    [InlineData("*/5 * * * *", "2026-03-01T12:05:00Z")]
    [InlineData("0 0 0 1 * *", "2026-04-01T00:00:00Z")]
    [InlineData("00:07:00", "2026-03-01T12:07:00Z")]
    public void Next_run_follows_from_the_schedule(string schedule, string next)
    {
        Assert.Equal(
            DateTimeOffset.Parse(next, System.Globalization.CultureInfo.InvariantCulture).UtcDateTime,
            TimerSchedule.Parse(schedule, "F").Next(Noon.UtcDateTime));
    }

    [Theory]
    [InlineData("every hour")]
    [InlineData("0 61 * * * *")]
    [InlineData("-00:01:00")]
    public void Schedule_that_cannot_be_read_is_named(string schedule)
    {
        var error = Assert.Throws<FunctionWorkerException>(() => TimerSchedule.Parse(schedule, "Nightly"));

        Assert.Contains($"\"{schedule}\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("Nightly", error.Message, StringComparison.Ordinal);
    }

    private Task<TestHost> StartAsync<TFunction>(string name, string schedule = "0 0 * * * *") =>
        TestHost.StartAsync(
            [typeof(TFunction)],
            builder => builder.Services.AddSingleton(_runs).AddSingleton(new HostName(name)),
            new Dictionary<string, string?>
            {
                ["AzureWebJobsStorage"] = azurite.ConnectionString,
                ["AzureFunctionsWebHost:hostid"] = _hostId,
                ["HourlySchedule"] = schedule,
            },
            time: _time);

    private string StatusName(string function) => $"timers/{_hostId}/Host.Functions.{function}/status";

    private Task RunsAsync(int count) =>
        Eventually.TrueAsync(() => Task.FromResult(_runs.All.Count >= count), Deadline, $"{count} runs are made", Token);

    private async Task<(DateTimeOffset Last, DateTimeOffset Next)> StatusAsync(
        string function, Func<(DateTimeOffset Last, DateTimeOffset Next), bool> condition)
    {
        var found = default((DateTimeOffset Last, DateTimeOffset Next));
        await Eventually.TrueAsync(
            async () =>
            {
                var blob = Container.GetBlobClient(StatusName(function));
                if (!await blob.ExistsAsync(Token))
                    return false;
                using var json = JsonDocument.Parse((await blob.DownloadContentAsync(Token)).Value.Content);
                found = (json.RootElement.GetProperty("Last").GetDateTimeOffset(), json.RootElement.GetProperty("Next").GetDateTimeOffset());
                return condition(found);
            },
            Deadline,
            $"the status of {function} says so",
            Token);
        return found;
    }
}
