using System.Globalization;
using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.LocalRuntime.Durable.Workers;
using BuildingMgmt.Testing.Durable;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Simulation;

/// <param name="Steps">Steps of orchestrations that were committed.</param>
/// <param name="Processes">How many there were, killed ones included.</param>
internal sealed record SimulationResult(int Steps, int Processes, TimeSpan Duration);

internal sealed class SimulationFailedException(int seed, string message) : Exception($"Seed {seed}: {message}");

/// <summary>Several processes work on one hub while everything goes wrong that can, and in the end all must be as if nothing had.</summary>
internal sealed class DurableSimulation
{
    private static readonly TimeSpan TroubledFor = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan LongestAfter = TimeSpan.FromHours(6);

    private readonly int _seed;
    private readonly SimulatedWorld _world;
    private readonly StoreNetwork _network;
    private readonly ILoggerFactory _loggers;
    private readonly DurableWorkerSettings _settings;
    private readonly JsonDataConverter _converter = new();
    private readonly DurableMeter _meter;
    private readonly HashSet<string> _effects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _programs;
    private int _processes;

    private DurableSimulation(int seed, Faults? faults, ILoggerFactory loggers, DurableMeter meter)
    {
        _seed = seed;
        _world = new(seed);
        _loggers = loggers;
        _meter = meter;
        faults ??= Faults.Random(_world.Random);
        var clock = _world.NewProcess("store");
        _network = new(_world, new MemoryDurableStore(clock.Time), new StepJournal(), faults);
        _settings = new()
        {
            MaxConcurrentActivities = _world.Random.Next(1, 12),
            MaxConcurrentOrchestrators = _world.Random.Next(1, 8),
            ExtendedSessions = _world.Random.Next(4) > 0,
            ExtendedSessionIdle = _world.Between(100, 30_000),
            SessionsMax = _world.Random.Next(1, 10),
            SessionsWeightMax = _world.Random.Next(20, 2_000),
        };
        _programs = Enumerable.Range(0, _world.Random.Next(1, 5)).ToDictionary(
            i => string.Create(CultureInfo.InvariantCulture, $"{seed}-{i}"), _ => _world.Random.Next());
    }

    /// <param name="faults">Null takes them from the seed.</param>
    /// <exception cref="SimulationFailedException">Something is not as it must be; its message begins with the seed.</exception>
    public static SimulationResult Run(int seed, Faults? faults = null, ILoggerFactory? loggers = null)
    {
        using var meter = new DurableMeter();
        var before = SynchronizationContext.Current;
        try
        {
            return new DurableSimulation(seed, faults, loggers ?? NullLoggerFactory.Instance, meter).Run();
        }
        catch (Exception e) when (e is not SimulationFailedException)
        {
            throw new SimulationFailedException(seed, e.ToString());
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private SimulationResult Run()
    {
        for (var i = _world.Random.Next(1, 4); i > 0; i--)
            KeepProcess();
        var client = _world.NewProcess("client");
        var store = new FaultyStore(client, _network);
        foreach (var (id, seed) in _programs)
        {
            client.Post(_ => _ = CreateAsync(client, store, id, seed), null);
            foreach (var (instance, name) in RandomProgram.EventsOf(seed, id, ""))
                client.Post(_ => _ = RaiseAsync(client, store, instance, name), null);
        }

        // After some time the faults end, so that it can be told from never coming to an end.
        if (!_world.RunUntil(AllEnded, TroubledFor))
        {
            _network.Faults = Faults.None;
            if (!_world.RunUntil(AllEnded, LongestAfter))
                throw Failed($"these have not ended: {string.Join("; ", NotEnded().Select(id => $"{id}, {_network.Journal.Describe(id)}"))}");
        }

        foreach (var (id, seed) in _programs)
            Check(id, seed);
        foreach (var error in _network.Journal.Errors())
            throw Failed(error);
        var scheduled = _network.Journal.ActivityInputs().Select(KeyOf).Order(StringComparer.Ordinal).ToList();
        var expected = _programs.SelectMany(program => RandomProgram.ActivitiesOf(program.Value, "").Select(key => $"{program.Value}{key}"));
        if (!scheduled.SequenceEqual(expected.Order(StringComparer.Ordinal)))
            throw Failed($"{scheduled.Count} activities were scheduled, not each one once");
        if (!_effects.SetEquals(scheduled))
            throw Failed($"{_effects.Count} activities had an effect, of {scheduled.Count}");
        return new(_network.Journal.Count, _processes, _world.Elapsed);
    }

    private bool AllEnded() =>
        _network.StoreFailure is { } failure ? throw new InvalidOperationException("The store failed.", failure) : !NotEnded().Any();

    private IEnumerable<string> NotEnded() => _programs.Keys.Except(Answer(_network.Store.EndedAsync([.. _programs.Keys], default)).Where(Exists));

    private bool Exists(string id) => Answer(_network.Store.GetAsync(id, withPayloads: false, default)) is not null;

    private void Check(string id, int seed)
    {
        var state = Answer(_network.Store.GetAsync(id, withPayloads: true, default))!;
        var expected = RandomProgram.ResultOf(seed, "").ToString(CultureInfo.InvariantCulture);
        if (state.Status != (int)EndStatus.Completed || state.Output != expected)
            throw Failed($"{id} ended with status {state.Status}, output {state.Output}, failure {state.Failure}, not with {expected}");
    }

    /// <summary>A process with a worker, and another one after it if it is killed.</summary>
    private void KeepProcess()
    {
        var process = new SimulatedProcess(_world, $"process {++_processes}") { IsMortal = true, Skew = _world.Between(-500, 500) };
        var parts = new WorkerParts(
            new FaultyStore(process, _network), new SimulatedFunctions(this, process), _converter, _settings, new SimulatedScheduler(process),
            process.Time, new Random(_world.Random.Next()), _loggers, _meter, new EndedInstances());
        var worker = new DurableWorker(parts, process);
        worker.Start();
        var keeper = _world.NewProcess("keeper");
        keeper.Post(_ => _ = ReplaceWhenDeadAsync(keeper, process, worker), null);
    }

    private async Task ReplaceWhenDeadAsync(SimulatedProcess keeper, SimulatedProcess process, DurableWorker worker)
    {
        // Now and then one is asked to go, as in a deployment.
        var stopsAfter = _network.Faults != Faults.None && _world.Chance(0.3) ? _world.Between(1_000, 120_000) : Timeout.InfiniteTimeSpan;
        var began = _world.Now;
        while (!process.IsDead)
        {
            await keeper.DelayAsync(TimeSpan.FromMilliseconds(500));
            if (stopsAfter == Timeout.InfiniteTimeSpan || _world.Now - began < stopsAfter)
                continue;
            using var grace = new CancellationTokenSource(_world.Between(0, 5_000), keeper.Time);
            var stopped = worker.StopAsync(grace.Token);
            while (!stopped.IsCompleted && !process.IsDead)
                await keeper.DelayAsync(TimeSpan.FromMilliseconds(200));
            process.Kill();
        }

        await keeper.DelayAsync(_world.Between(0, 5_000));
        KeepProcess();
    }

    private async Task CreateAsync(SimulatedProcess client, FaultyStore store, string id, int seed)
    {
        await client.DelayAsync(_world.Between(0, 20_000));
        var input = _converter.Serialize(new ProgramInput(seed, "", 0, 0));
        var start = new ExecutionStarted(ProgramInterpreter.Orchestrator, null, input, null, null);
        DateTimeOffset? at = _world.Chance(0.2) ? _world.Now + _world.Between(0, 60_000) : null;
        await UntilDoneAsync(client, async () =>
        {
            await store.CreateAsync(new(id, start, at), null, [], default);
            return true;
        });
    }

    // The same message again when nobody knows whether it arrived, and until the one that it is for is there.
    private async Task RaiseAsync(SimulatedProcess client, FaultyStore store, string instanceId, string name)
    {
        await client.DelayAsync(_world.Between(0, 60_000));
        var message = new Guid(_world.Random.Next(), 0, 0, new byte[8]);
        var raised = new EventRaised(name, _converter.Serialize(name), message);
        await UntilDoneAsync(client, () => store.SendAsync(new(instanceId, null, raised, Id: message), default));
    }

    private async Task UntilDoneAsync(SimulatedProcess client, Func<Task<bool>> call)
    {
        while (true)
        {
            try
            {
                if (await call())
                    return;
            }
            catch (StoreFaultException)
            {
                // Once more.
            }

            await client.DelayAsync(_world.Between(100, 5_000));
        }
    }

    private async Task<string?> WorkAsync(SimulatedProcess process, ActivityWork work, CancellationToken cancellationToken)
    {
        var activity = _converter.Deserialize<ActivityInput>(work.Input)!;
        await Task.Delay(_world.Between(0, _world.Chance(0.05) ? 30_000 : 200), process.Time, cancellationToken);
        _effects.Add(KeyOf(work.Input));
        await Task.Delay(_world.Between(0, 50), process.Time, cancellationToken);
        if (activity.Fails)
            throw new InvalidOperationException("It fails each time.");
        return _converter.Serialize(RandomProgram.ValueOf(activity.Key));
    }

    private string KeyOf(string? input)
    {
        var activity = _converter.Deserialize<ActivityInput>(input)!;
        return $"{activity.Seed}{activity.Key}";
    }

    // The store in memory answers at once.
    private static T Answer<T>(Task<T> call) =>
        call.IsCompleted ? call.GetAwaiter().GetResult() : throw new InvalidOperationException("The store in memory must answer at once.");

    private SimulationFailedException Failed(string message) => new(_seed, message);

    private sealed class SimulatedFunctions(DurableSimulation simulation, SimulatedProcess process) : IDurableFunctions
    {
        public OrchestratorCode? Orchestrator(string name) =>
            name == ProgramInterpreter.Orchestrator ? ProgramInterpreter.RunAsync : null;

        public Task<string?> RunActivityAsync(ActivityWork work, CancellationToken cancellationToken) =>
            simulation.WorkAsync(process, work, cancellationToken);
    }
}
