using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using Microsoft.DurableTask.Converters;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Simulation;

/// <summary>What clients do to a program besides starting it.</summary>
internal enum Fate
{
    None,

    /// <summary>It is suspended and resumed, a few times.</summary>
    Suspended,

    /// <summary>It is terminated with its sub-orchestrations, at whatever moment.</summary>
    Terminated,
}

/// <param name="Predecessor">One that runs to its end under the same id before this one is started; null for none.</param>
internal sealed record SimulatedProgram(string Id, int Seed, Fate Fate, SimulatedProgram? Predecessor = null)
{
    public bool IsBegun { get; set; }

    /// <summary>This one, and those before it.</summary>
    public IEnumerable<SimulatedProgram> Lives => [.. Predecessor?.Lives ?? [], this];

    public static SimulatedProgram Random(string id, Random random)
    {
        SimulatedProgram? before = null;
        for (var lives = random.Next(3) == 0 ? random.Next(2, 4) : 1; lives > 0; lives--)
            before = new(id, random.Next(), (Fate)Math.Max(0, random.Next(5) - 2), before);
        return before!;
    }
}

/// <summary>Start programs and do to them what their fate is, each call again and again until it is known to be done.</summary>
internal sealed class SimulatedClients(SimulatedWorld world, SimulatedProcess client, IDurableStore store, JsonDataConverter converter)
{
    public const string Enough = "\"enough\"";

    private static readonly int[] Ends = [(int)EndStatus.Completed, (int)EndStatus.Failed, (int)EndStatus.Terminated];

    private int _messages;

    public void Begin(SimulatedProgram program) => _ = BeginAsync(program);

    /// <returns>What goes on until its fate is done.</returns>
    private async Task<Task> BeginAsync(SimulatedProgram program)
    {
        if (program.Predecessor is { } before)
        {
            await await BeginAsync(before);
            await UntilDoneAsync(() => HasEndedAsync(program.Id));
            // Forgotten, or replaced by the start of the next.
            if (world.Chance(0.5))
                await UntilDoneAsync(async () => await store.PurgeAsync(program.Id, recursive: world.Chance(0.5), default) >= 0);
        }

        await client.DelayAsync(world.Between(0, 20_000));
        await CreateAsync(program);
        program.IsBegun = true;
        foreach (var (instance, name) in ConfluentProgram.EventsOf(program.Seed, program.Id, ""))
            _ = RaiseAsync(instance, name);
        return program.Fate switch
        {
            Fate.Suspended => SuspendAsync(program.Id),
            Fate.Terminated => TerminateAsync(program.Id),
            _ => Task.CompletedTask,
        };
    }

    // Made by an earlier attempt, it is not made again, though it may have ended by now.
    private Task CreateAsync(SimulatedProgram program)
    {
        var start = new ExecutionStarted(ProgramInterpreter.Orchestrator, null, converter.Serialize(new ProgramInput(program.Seed, "")), null, null);
        DateTimeOffset? at = world.Chance(0.2) ? world.Now + world.Between(0, 60_000) : null;
        return UntilDoneAsync(async () =>
        {
            var there = await store.GetAsync(program.Id, withPayloads: true, default);
            if (converter.Deserialize<ProgramInput>(there?.Input)?.Seed != program.Seed)
                await store.CreateAsync(new(program.Id, start, at), null, Ends, default);
            return true;
        });
    }

    private async Task RaiseAsync(string instanceId, string name)
    {
        await client.DelayAsync(world.Between(0, 60_000));
        var raised = new EventRaised(name, converter.Serialize(name), NewId());
        await UntilDoneAsync(() => store.SendAsync(new(instanceId, null, raised, Id: raised.MessageId), default));
    }

    private async Task SuspendAsync(string instanceId)
    {
        for (var times = world.Random.Next(1, 4); times > 0; times--)
        {
            await client.DelayAsync(world.Between(0, 30_000));
            await SendAsync(instanceId, new ExecutionSuspended("for a while"));
            await client.DelayAsync(world.Between(0, 30_000));
            await SendAsync(instanceId, new ExecutionResumed("on"));
        }
    }

    private async Task TerminateAsync(string instanceId)
    {
        await client.DelayAsync(world.Between(0, 90_000));
        await SendAsync(instanceId, new ExecutionTerminated(Enough, Recursive: true));
    }

    // The same message again when nobody knows whether it arrived.
    private Task SendAsync(string instanceId, ReceivedEvent sent)
    {
        var id = NewId();
        return UntilDoneAsync(async () => await store.SendAsync(new(instanceId, null, sent, Id: id), default) || await HasEndedAsync(instanceId));
    }

    private async Task<bool> HasEndedAsync(string instanceId) => (await store.EndedAsync([instanceId], default)).Count > 0;

    private Guid NewId() => new(++_messages, 0, 0, new byte[8]);

    private async Task UntilDoneAsync(Func<Task<bool>> call)
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

            await client.DelayAsync(world.Between(100, 5_000));
        }
    }
}
