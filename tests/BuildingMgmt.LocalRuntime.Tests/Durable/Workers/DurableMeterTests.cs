using System.Diagnostics.Metrics;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Workers;

public sealed class DurableMeterTests : IDisposable
{
    // How old what is asked of the store may be.
    private static readonly TimeSpan Observed = TimeSpan.FromSeconds(16);

    private readonly WorkerHarness _hub = new();
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, List<double>> _measured = [];
    private readonly HashSet<object?> _names = [];

    public DurableMeterTests()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == _hub.Meter)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Measure(instrument.Name, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Measure(instrument.Name, value, tags));
        _listener.Start();
        _hub.Orchestrators["Chain"] = async context =>
        {
            for (var i = 0; i < 3; i++)
                await context.CallActivityAsync("Work");
            return null;
        };
        _hub.Orchestrators["Waits"] = async context => await context.WaitForExternalEvent<string>("never");
        _hub.Activities["Work"] = async (_, cancellationToken) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(10), _hub.Time, cancellationToken);
            return null;
        };
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 3)]
    public void Replays_are_counted_where_an_execution_is_made_anew(bool sessions, int replays)
    {
        _hub.Settings = _hub.Settings with { ExtendedSessions = sessions };
        _hub.Start();
        _hub.Create("a", "Chain");
        _hub.RunUntilEnded("a");
        _hub.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal((4, replays), (Of("durable.steps").Count, Of("durable.replays").Count));
    }

    [Fact]
    public void Latency_of_an_activity_counts_from_its_scheduling_and_bears_its_name()
    {
        _hub.Settings = _hub.Settings with { MaxConcurrentActivities = 1 };
        _hub.Start();
        _hub.Create("a", "Chain");
        _hub.Create("b", "Chain");
        _hub.RunUntilEnded("a");
        _hub.RunUntilEnded("b");

        // All but the first and the last wait for one of the other orchestration, and then run for ten seconds.
        var seconds = Of("durable.activity.latency").Order().ToList();
        Assert.Equal(6, seconds.Count);
        Assert.Equal(["Work"], _names);
        Assert.InRange(seconds[0], 10, 11);
        Assert.All(seconds[2..], latency => Assert.InRange(latency, 19, 22));
    }

    [Fact]
    public void Age_of_the_queue_is_that_of_what_has_waited_longest_and_is_0_when_nothing_waits()
    {
        _hub.Settings = _hub.Settings with { MaxConcurrentActivities = 1 };
        _hub.Start();
        _hub.Activities["Work"] = async (_, cancellationToken) =>
        {
            await Task.Delay(TimeSpan.FromMinutes(1), _hub.Time, cancellationToken);
            return null;
        };
        string[] ids = ["a", "b", "c", "d", "e"];
        foreach (var id in ids)
            _hub.Create(id, "Chain");
        _hub.RunFor(TimeSpan.FromSeconds(50));
        _listener.RecordObservableInstruments();
        foreach (var id in ids)
            _hub.RunUntilEnded(id);
        _hub.RunFor(Observed);
        _listener.RecordObservableInstruments();

        var ages = Of("durable.queue.age");
        Assert.InRange(ages[0], 50 - Observed.TotalSeconds, 50);
        Assert.Equal(0, ages[1]);
    }

    [Fact]
    public void Orchestrations_are_active_from_their_scheduling_to_their_end()
    {
        _hub.Start();
        foreach (var id in new[] { "a", "b", "c" })
            _hub.Create(id, "Waits");
        _hub.Create("d", "Chain");
        _hub.RunFor(Observed);
        _listener.RecordObservableInstruments();
        _hub.RunUntilEnded("d");
        _hub.RunFor(Observed);
        _listener.RecordObservableInstruments();

        Assert.Equal([4, 3], Of("durable.orchestrations.active"));
    }

    public void Dispose()
    {
        _listener.Dispose();
        _hub.Dispose();
    }

    private List<double> Of(string instrument) => _measured.GetValueOrDefault(instrument) ?? [];

    private void Measure(string instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (!_measured.TryGetValue(instrument, out var values))
            _measured.Add(instrument, values = []);
        values.Add(value);
        foreach (var (key, tag) in tags)
        {
            if (key == "durabletask.task.name")
                _names.Add(tag);
        }
    }
}
