using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Simulation;

/// <param name="Generation">How often it has continued as new.</param>
/// <param name="Talks">Whether it talks to its parent before it begins.</param>
internal sealed record ProgramInput(int Seed, string Path, bool Talks = false, int Generation = 0, long Sum = 0);

/// <summary>Seed and key name the effect that the activity has.</summary>
internal sealed record ActivityInput(int Seed, string Key, bool Fails);

/// <summary>The orchestrator that runs random programs.</summary>
internal static class ProgramInterpreter
{
    public const string Orchestrator = "Program";
    public const string Activity = "Work";

    public static async Task<object?> RunAsync(TaskOrchestrationContext context)
    {
        var input = context.GetInput<ProgramInput>()!;
        if (input.Generation == 0)
            await BeginAsync(context, input);
        var generations = ConfluentProgram.Of(input.Seed, input.Path).Generations;
        var sum = ConfluentProgram.Mix(input.Sum, await RunAsync(context, input.Seed, generations[input.Generation]));
        if (input.Generation + 1 == generations.Count)
            return sum;
        context.ContinueAsNew(input with { Generation = input.Generation + 1, Sum = sum });
        return null;
    }

    private static async Task BeginAsync(TaskOrchestrationContext context, ProgramInput input)
    {
        context.SetCustomStatus(ConfluentProgram.StatusOf(input.Path));
        if (!input.Talks)
            return;
        var (hello, answer) = ConfluentProgram.TalkOf(input.Path);
        context.SendEvent(context.Parent!.InstanceId, hello, "");
        await context.WaitForExternalEvent<string>(answer);
    }

    private static async Task<long> CallAsync(TaskOrchestrationContext context, int seed, ChildNode child)
    {
        var id = ConfluentProgram.ChildId(seed, child.Path);
        var result = context.CallSubOrchestratorAsync<long>(
            Orchestrator,
            new ProgramInput(seed, child.Path, child.Talks),
            ConfluentProgram.HasId(seed, child) ? new SubOrchestrationOptions(instanceId: id) : null);
        if (child.Talks)
        {
            var (hello, answer) = ConfluentProgram.TalkOf(child.Path);
            await context.WaitForExternalEvent<string>(hello);
            context.SendEvent(id, answer, "");
        }

        return await result;
    }

    private static async Task<long> RunAsync(TaskOrchestrationContext context, int seed, ProgramNode node)
    {
        switch (node)
        {
            case SequenceNode sequence:
                var inTurn = 1L;
                foreach (var child in sequence.Nodes)
                    inTurn = ConfluentProgram.Mix(inTurn, await RunAsync(context, seed, child));
                return inTurn;
            case AllNode all:
                var values = await Task.WhenAll(all.Nodes.Select(child => RunAsync(context, seed, child)));
                return values.Aggregate(2L, ConfluentProgram.Mix);
            case AnyNode any:
                using (var enough = new CancellationTokenSource())
                {
                    var work = RunAsync(context, seed, any.Node);
                    var timer = context.CreateTimer(any.Timer, enough.Token);
                    if (await Task.WhenAny(work, timer) == timer)
                        return -1;
#pragma warning disable CA1849 // CancelAsync goes on on another thread, which an orchestrator must not.
                    enough.Cancel();
#pragma warning restore CA1849
                    return await work;
                }

            case TimerNode timer:
                await context.CreateTimer(timer.Delay, CancellationToken.None);
                return 4;
            case EventNode raised:
                return ConfluentProgram.ValueOf(await context.WaitForExternalEvent<string>(raised.Name));
            case SignalNode signal:
                context.SendEvent(context.InstanceId, signal.Name, signal.Name);
                return ConfluentProgram.ValueOf(await context.WaitForExternalEvent<string>(signal.Name));
            case ChildNode child:
                return await CallAsync(context, seed, child);
            case RetriedNode retried:
                try
                {
                    var policy = new RetryPolicy(retried.Attempts, TimeSpan.FromSeconds(1), backoffCoefficient: 2);
                    return await context.CallActivityAsync<long>(
                        Activity, new ActivityInput(seed, retried.Key, Fails: true), TaskOptions.FromRetryPolicy(policy));
                }
                catch (TaskFailedException)
                {
                    return 5;
                }

            case ActivityNode activity:
                try
                {
                    return await context.CallActivityAsync<long>(Activity, new ActivityInput(seed, activity.Key, activity.Fails));
                }
                catch (TaskFailedException) when (activity.Fails)
                {
                    return 3;
                }

            default:
                throw new InvalidOperationException($"No node is a {node.GetType().Name}.");
        }
    }
}
