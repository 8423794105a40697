using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.LocalRuntime.Durable.Workers;
using BuildingMgmt.LocalRuntime.Tests.Durable.Simulation;
using BuildingMgmt.Testing.Durable;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Workers;

/// <summary>A hub and workers in simulated time, for one test.</summary>
internal sealed class WorkerHarness : IDurableFunctions, ILoggerFactory, ILogger, IDisposable
{
    private readonly MemoryDurableStore _store;
    private int _processes;

    public WorkerHarness()
    {
        _store = new(World.NewProcess("store").Time);
        Network = new(World, _store, new StepJournal(), Faults.None);
    }

    public SimulatedWorld World { get; } = new(1);

    public StoreNetwork Network { get; }

    public DurableMeter Meter { get; } = new();

    public DurableWorkerSettings Settings { get; set; } = new() { MaxConcurrentActivities = 10, MaxConcurrentOrchestrators = 10 };

    public Dictionary<string, OrchestratorCode> Orchestrators { get; } = [];

    public Dictionary<string, Func<ActivityWork, CancellationToken, Task<string?>>> Activities { get; } = [];

    /// <summary>What is around the step of an instance.</summary>
    public Func<string, Task> BeforeStep { get; set; } = _ => Task.CompletedTask;

    /// <summary>Ids of what was logged.</summary>
    public List<int> Logged { get; } = [];

    public List<string> Messages { get; } = [];

    /// <summary>Clock of the last process that was started.</summary>
    public TimeProvider Time { get; private set; } = TimeProvider.System;

    /// <param name="skew">How far the clock of the process is from the store's.</param>
    public (SimulatedProcess Process, DurableWorker Worker) Start(TimeSpan skew = default)
    {
        var process = new SimulatedProcess(World, $"process {++_processes}") { IsMortal = true, Skew = skew };
        Time = process.Time;
        var parts = new WorkerParts(
            new FaultyStore(process, Network), this, new JsonDataConverter(), Settings, new SimulatedScheduler(process), process.Time,
            new Random(_processes), this, Meter, new EndedInstances());
        var worker = new DurableWorker(parts, process);
        worker.Start();
        return (process, worker);
    }

    public void Create(string id, string name, string? input = null) =>
        _ = _store.CreateAsync(new(id, new(name, null, input, null, null)), null, [], default);

    public void Send(string id, ReceivedEvent message) => _ = _store.SendAsync(new(id, null, message), default);

    public bool Purge(string id) => _store.PurgeAsync(id, recursive: false, default).GetAwaiter().GetResult() == 1;

    public InstanceState? State(string id) => _store.GetAsync(id, withPayloads: true, default).GetAwaiter().GetResult();

    public void RunUntil(Func<bool> condition, TimeSpan? atMost = null) => Assert.True(World.RunUntil(condition, atMost ?? TimeSpan.FromHours(1)));

    public void RunFor(TimeSpan time) => Assert.False(World.RunUntil(() => false, time));

    public InstanceState RunUntilEnded(string id)
    {
        RunUntil(() => State(id)?.EndedAt is not null);
        return State(id)!;
    }

    public void Dispose() => Meter.Dispose();

    OrchestratorCode? IDurableFunctions.Orchestrator(string name) => Orchestrators.GetValueOrDefault(name);

    async Task IDurableFunctions.AroundStepAsync(StepPlace place, Action step, CancellationToken cancellationToken)
    {
        await BeforeStep(place.InstanceId);
        step();
    }

    Task<string?> IDurableFunctions.RunActivityAsync(ActivityWork work, CancellationToken cancellationToken) =>
        Activities[work.Name](work, cancellationToken);

    ILogger ILoggerFactory.CreateLogger(string categoryName) => this;

    void ILoggerFactory.AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Logged.Add(eventId.Id);
        Messages.Add(formatter(state, exception));
    }
}
