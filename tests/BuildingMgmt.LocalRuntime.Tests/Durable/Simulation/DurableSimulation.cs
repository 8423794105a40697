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
    private static readonly TimeSpan SettlesFor = TimeSpan.FromSeconds(30);
    private static readonly InstanceFilter GoingOn = new([Statuses.Running, Statuses.Pending, Statuses.Suspended], 1_000);

    private readonly int _seed;
    private readonly SimulatedWorld _world;
    private readonly StoreNetwork _network;
    private readonly ILoggerFactory _loggers;
    private readonly DurableWorkerSettings _settings;
    private readonly JsonDataConverter _converter = new();
    private readonly DurableMeter _meter;
    private readonly HashSet<string> _effects = new(StringComparer.Ordinal);
    private readonly List<SimulatedProgram> _programs;
    private readonly string[] _ids;
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
        _programs = [.. Enumerable.Range(0, _world.Random.Next(1, 5)).Select(i =>
            SimulatedProgram.Random(string.Create(CultureInfo.InvariantCulture, $"{seed}-{i}"), _world.Random))];
        _ids = [.. _programs.Select(program => program.Id)];
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
        var clients = new SimulatedClients(_world, client, new FaultyStore(client, _network), _converter);
        foreach (var program in _programs)
            client.Post(_ => clients.Begin(program), null);

        // After some time the faults end, so that it can be told from never coming to an end.
        if (!_world.RunUntil(AllEnded, TroubledFor))
        {
            _network.Faults = Faults.None;
            if (!_world.RunUntil(AllEnded, LongestAfter))
                throw Failed($"these have not ended: {string.Join("; ", NotEnded().Select(id => $"{id}, {_network.Journal.Describe(id)}"))}");
        }

        // Nothing may come after the end.
        _world.RunUntil(() => false, SettlesFor);
        if (!AllEnded())
            throw Failed($"something has begun after all had ended: {string.Join("; ", NotEnded())}");
        foreach (var program in _programs)
            Check(program);
        foreach (var error in _network.Journal.Errors())
            throw Failed(error);
        CheckActivities();
        return new(_network.Journal.Count, _processes, _world.Elapsed);
    }

    private bool AllEnded() =>
        _network.StoreFailure is { } failure ? throw new InvalidOperationException("The store failed.", failure) : !NotEnded().Any();

    // Programs first: this is asked all the time, and sub-orchestrations outlive them only when they are terminated.
    private IEnumerable<string> NotEnded() =>
        _programs.Where(program => !program.IsBegun).Select(program => program.Id)
            .Concat(_ids.Except(Answer(_network.Store.EndedAsync(_ids, default))))
            .Concat(SubOrchestrations());

    private IEnumerable<string> SubOrchestrations()
    {
        foreach (var instance in Answer(_network.Store.QueryAsync(GoingOn, default)))
            yield return instance.InstanceId;
    }

    private InstanceState? Find(string id) => Answer(_network.Store.GetAsync(id, withPayloads: true, default));

    private void Check(SimulatedProgram program)
    {
        var state = Find(program.Id)!;
        if (program.Fate == Fate.Terminated && state is { Status: (int)EndStatus.Terminated, Output: SimulatedClients.Enough })
            return;
        var (expected, status) = (ConfluentProgram.ResultOf(program.Seed, ""), ConfluentProgram.StatusOf(""));
        if (state.Status != (int)EndStatus.Completed || state.Output != _converter.Serialize(expected) || state.CustomStatus != _converter.Serialize(status))
            throw Failed($"{program.Id} ended with status {state.Status}, {state.CustomStatus}, output {state.Output}, failure {state.Failure}, not with {expected}, {status}");
    }

    private void CheckActivities()
    {
        var inputs = _network.Journal.ActivityInputs().Select(input => _converter.Deserialize<ActivityInput>(input)!).ToLookup(activity => activity.Seed, KeyOf);
        foreach (var program in _programs.SelectMany(program => program.Lives))
        {
            var scheduled = inputs[program.Seed].Order(StringComparer.Ordinal).ToList();
            var expected = ConfluentProgram.ActivitiesOf(program.Seed, "").Select(key => $"{program.Seed}{key}").Order(StringComparer.Ordinal).ToList();
            if (program.Fate == Fate.Terminated)
                expected = [.. expected.Intersect(scheduled).SelectMany(key => expected.Where(other => other == key).Take(scheduled.Count(other => other == key)))];
            if (!scheduled.SequenceEqual(expected))
                throw Failed($"{scheduled.Count} activities of {program.Id} were scheduled, not each one as often as it should");
            var effects = scheduled.Where(_effects.Contains).Distinct().Count();
            if (program.Fate != Fate.Terminated && effects != scheduled.Distinct().Count())
                throw Failed($"{effects} activities of {program.Id} had an effect, of {scheduled.Distinct().Count()}");
        }

        if (_effects.Except(inputs.SelectMany(keys => keys)).FirstOrDefault() is { } unknown)
            throw Failed($"an activity that was never scheduled had an effect: {unknown}");
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

    private async Task<string?> WorkAsync(SimulatedProcess process, ActivityWork work, CancellationToken cancellationToken)
    {
        var activity = _converter.Deserialize<ActivityInput>(work.Input)!;
        try
        {
            return await WorkAsync(process, activity, cancellationToken);
        }
        catch (OperationCanceledException e) when (_world.Chance(0.5))
        {
            // As a driver does that is told to stop in the middle of a call.
            throw new IOException("The connection was closed.", e);
        }
    }

    private async Task<string?> WorkAsync(SimulatedProcess process, ActivityInput activity, CancellationToken cancellationToken)
    {
        await Task.Delay(_world.Between(0, _world.Chance(0.05) ? 30_000 : 200), process.Time, cancellationToken);
        _effects.Add(KeyOf(activity));
        await Task.Delay(_world.Between(0, 50), process.Time, cancellationToken);
        if (activity.Fails)
            throw new InvalidOperationException("It fails each time.");
        return _converter.Serialize(ConfluentProgram.ValueOf(activity.Key));
    }

    private static string KeyOf(ActivityInput activity) => $"{activity.Seed}{activity.Key}";

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
