using System.Diagnostics.Metrics;
using BuildingMgmt.LocalRuntime.Durable.Store;

namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>What a hub and this process's work on it look like from outside.</summary>
internal sealed class DurableMeter : IDisposable
{
    public const string Name = "BuildingMgmt.Durable";

    private readonly Meter _meter;
    private readonly Counter<long> _steps;
    private readonly Counter<long> _replays;
    private readonly Histogram<double> _activityLatency;
    private readonly ObservableGauge<double> _queueAge;
    private readonly ObservableGauge<long> _active;
    private HubState? _hub;

    public DurableMeter()
    {
        _meter = new(Name, version: null, tags: null, scope: this);
        _steps = _meter.CreateCounter<long>("durable.steps", "{step}", "Steps of orchestrations that were committed");
        _replays = _meter.CreateCounter<long>("durable.replays", "{replay}", "Executions made anew from their history");
        _activityLatency = _meter.CreateHistogram<double>("durable.activity.latency", "s", "From when an activity was scheduled to its result");
        _queueAge = _meter.CreateObservableGauge("durable.queue.age", ObserveQueueAge, "s", "Age of the hub's oldest due message or waiting activity");
        _active = _meter.CreateObservableGauge("durable.orchestrations.active", ObserveActive, "{orchestration}", "The hub's orchestrations that have not ended");
    }

    /// <summary>Whether anyone looks at what is asked of the store.</summary>
    public bool HubIsObserved => _queueAge.Enabled || _active.Enabled;

    /// <param name="hub">Null when it is not known: then nothing is said of it.</param>
    public void Observe(HubState? hub) => Volatile.Write(ref _hub, hub);

    public void Stepped() => _steps.Add(1);

    public void Replayed() => _replays.Add(1);

    /// <param name="latency">From the store's clock to this process's.</param>
    public void ActivityEnded(string name, TimeSpan latency) =>
        _activityLatency.Record(Math.Max(0, latency.TotalSeconds), new KeyValuePair<string, object?>("durabletask.task.name", name));

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<double>> ObserveQueueAge() =>
        Volatile.Read(ref _hub) is { } hub ? [new(hub.OldestDue.TotalSeconds)] : [];

    private IEnumerable<Measurement<long>> ObserveActive() =>
        Volatile.Read(ref _hub) is { } hub ? [new(hub.Pending + hub.Running)] : [];
}
