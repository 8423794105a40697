using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Execution;

/// <summary>A program for an orchestrator, as data: its input. Rounds are executions, each begun by continue-as-new.</summary>
internal sealed record RandomProgram(IReadOnlyList<Node> Rounds, int Round, IReadOnlyList<string> Results)
{
    /// <summary>The one orchestrator that runs them all.</summary>
    public static async Task<object?> RunAsync(TaskOrchestrationContext context)
    {
        var program = context.GetInput<RandomProgram>()!;
        context.SetCustomStatus($"round {program.Round}");
        var result = await program.Rounds[program.Round].RunAsync(context);
        var results = program.Results.Append(result).ToList();
        if (program.Round + 1 == program.Rounds.Count)
            return string.Join(" | ", results);
        context.ContinueAsNew(program with { Round = program.Round + 1, Results = results });
        return null;
    }

    /// <param name="confluent">Whether its result does not depend on the order in which things happen.</param>
    public static RandomProgram Of(Random random, bool confluent)
    {
        var writer = new Writer(random, confluent);
        return new([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => writer.Node(3))], 0, []);
    }

    private sealed class Writer(Random random, bool confluent)
    {
        private int names;

        public Node Node(int depth)
        {
            names++;
            var name = names.ToString(CultureInfo.InvariantCulture);
            return random.Next(depth == 0 ? 6 : 10) switch
            {
                0 or 1 => new CallActivity(name, Failures: 0, Attempts: 1),
                2 => new CallActivity(name, random.Next(3), random.Next(1, 4)),
                3 => new WaitForTimer(random.Next(1, 100)),
                4 => new WaitForEvent($"event {name}"),
                5 when confluent => new Return(name),
                5 => random.Next(2) == 0 ? new MakeGuid() : new TellTime(),
                6 => new RunChild(new([.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Node(depth - 1))], 0, [])),
                7 => new Sequence(Nodes(depth)),
                8 => new All(Nodes(depth)),
                _ => confluent ? new All(Nodes(depth)) : new Any(Nodes(depth)),
            };
        }

        private List<Node> Nodes(int depth) => [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => Node(depth - 1))];
    }
}

[JsonDerivedType(typeof(Return), "return")]
[JsonDerivedType(typeof(MakeGuid), "guid")]
[JsonDerivedType(typeof(TellTime), "time")]
[JsonDerivedType(typeof(CallActivity), "activity")]
[JsonDerivedType(typeof(WaitForTimer), "timer")]
[JsonDerivedType(typeof(WaitForEvent), "event")]
[JsonDerivedType(typeof(RunChild), "child")]
[JsonDerivedType(typeof(Sequence), "sequence")]
[JsonDerivedType(typeof(All), "all")]
[JsonDerivedType(typeof(Any), "any")]
internal abstract record Node
{
    public abstract Task<string> RunAsync(TaskOrchestrationContext context);
}

internal sealed record Return(string Value) : Node
{
    public override Task<string> RunAsync(TaskOrchestrationContext context) => Task.FromResult(Value);
}

internal sealed record MakeGuid : Node
{
    public override Task<string> RunAsync(TaskOrchestrationContext context) => Task.FromResult(context.NewGuid().ToString());
}

internal sealed record TellTime : Node
{
    public override Task<string> RunAsync(TaskOrchestrationContext context) => Task.FromResult($"{context.CurrentUtcDateTime:O}");
}

/// <param name="Failures">How often it fails before it succeeds.</param>
internal sealed record CallActivity(string Name, int Failures, int Attempts) : Node
{
    public override async Task<string> RunAsync(TaskOrchestrationContext context)
    {
        var options = Attempts == 1 ? null : new TaskOptions(new RetryPolicy(Attempts, TimeSpan.FromSeconds(5)));
        try
        {
            return await context.CallActivityAsync<string>("Work", this, options);
        }
        catch (TaskFailedException exception)
        {
            return exception.FailureDetails.ErrorMessage;
        }
    }
}

internal sealed record WaitForTimer(int Seconds) : Node
{
    public override async Task<string> RunAsync(TaskOrchestrationContext context)
    {
        await context.CreateTimer(TimeSpan.FromSeconds(Seconds), CancellationToken.None);
        return "timer";
    }
}

internal sealed record WaitForEvent(string Name) : Node
{
    public override Task<string> RunAsync(TaskOrchestrationContext context) => context.WaitForExternalEvent<string>(Name);
}

internal sealed record RunChild(RandomProgram Program) : Node
{
    public override Task<string> RunAsync(TaskOrchestrationContext context) => context.CallSubOrchestratorAsync<string>(Stepped.Name, Program);
}

internal sealed record Sequence(IReadOnlyList<Node> Nodes) : Node
{
    public override async Task<string> RunAsync(TaskOrchestrationContext context)
    {
        var results = new List<string>();
        foreach (var node in Nodes)
            results.Add(await node.RunAsync(context));
        return $"({string.Join("; ", results)})";
    }
}

internal sealed record All(IReadOnlyList<Node> Nodes) : Node
{
    public override async Task<string> RunAsync(TaskOrchestrationContext context) =>
        $"[{string.Join(", ", await Task.WhenAll(Nodes.Select(node => node.RunAsync(context))))}]";
}

internal sealed record Any(IReadOnlyList<Node> Nodes) : Node
{
    public override async Task<string> RunAsync(TaskOrchestrationContext context)
    {
        var tasks = Nodes.Select(node => node.RunAsync(context)).ToList();
        var first = await Task.WhenAny(tasks);
        return $"<{tasks.IndexOf(first)}: {await first}>";
    }
}
