using System.Text.Json;
using System.Text.Json.Nodes;
using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Workers;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Execution;

/// <summary>
/// Steps one execution twice: kept in memory, and made anew from its history, as it is read back from JSON, before each step. Both must come to
/// the same; what they came to is given to the test.
/// </summary>
internal sealed class Stepped
{
    public const string Name = "Sample";

    private readonly Func<OrchestrationExecution> make;
    private readonly OrchestrationExecution kept;

    public Stepped(
        Func<TaskOrchestrationContext, Task<object?>> code, string instanceId = "instance", int execution = 0, ILoggerFactory? loggers = null)
    {
        var current = code;
        make = () => new(instanceId, execution, Find, JsonDataConverter.Default, loggers ?? NullLoggerFactory.Instance);
        kept = make();
        kept.Replay([]);

        OrchestratorCode? Find(string name) => name == Name ? context => current(context) : null;
    }

    public DateTimeOffset Now { get; set; } = new(2026, 3, 1, 10, 0, 0, TimeSpan.Zero);

    public List<HistoryEvent> History { get; } = [];

    public OrchestrationExecution Kept => kept;

    public static ExecutionStarted Started(
        object? input = null, string? version = null, ParentTask? parent = null, string name = Name) =>
        new(name, version, JsonDataConverter.Default.Serialize(input), parent, null);

    public static EventRaised Raised(string name, object? payload) =>
        new(name, JsonDataConverter.Default.Serialize(payload), Guid.NewGuid());

    public static TaskFailureDetails Failure(string message = "broken") => new("System.InvalidOperationException", message, null, null, null);

    public StepOutcome Start(object? input = null) => Step(Started(input));

    public StepOutcome Step(params ReceivedEvent[] received)
    {
        var anew = make();
        anew.Replay(JsonSerializer.Deserialize<List<HistoryEvent>>(JsonSerializer.Serialize(History))!);
        var expected = anew.Step(Now, received);
        var outcome = kept.Step(Now, received);
        Assert.Equal(Text(expected), Text(outcome));
        History.AddRange(outcome.Appended);
        Assert.Equal(History.Sum(happened => happened.Weight()), kept.Weight);
        Assert.Equal(kept.Weight, anew.Weight);
        Now += TimeSpan.FromSeconds(1);
        return outcome;
    }

    /// <summary>What other code comes to when it is given this history.</summary>
    public StepOutcome StepOther(Func<TaskOrchestrationContext, Task<object?>> other, params ReceivedEvent[] received)
    {
        var execution = new OrchestrationExecution(
            "instance", 0, _ => context => other(context), JsonDataConverter.Default, NullLoggerFactory.Instance);
        execution.Replay(History);
        return execution.Step(Now, received);
    }

    // Where an exception was thrown differs between a first run and a replay.
    public static string Text<T>(T value)
    {
        var node = JsonSerializer.SerializeToNode(value)!;
        RemoveStacks(node);
        return node.ToJsonString();
    }

    private static void RemoveStacks(JsonNode? node)
    {
        if (node is JsonObject some)
        {
            some.Remove("StackTrace");
            foreach (var (_, member) in some)
                RemoveStacks(member);
        }
        else if (node is JsonArray items)
        {
            foreach (var item in items)
                RemoveStacks(item);
        }
    }
}

internal static class Outcomes
{
    public static string Completed(this StepOutcome outcome)
    {
        Assert.NotNull(outcome.End);
        Assert.True(outcome.End.Status == EndStatus.Completed, $"{outcome.End.Status}: {outcome.End.Failure}");
        return outcome.End.Output ?? "null";
    }

    public static TaskFailureDetails Failed(this StepOutcome outcome)
    {
        Assert.Equal(EndStatus.Failed, outcome.End?.Status);
        return outcome.End!.Failure!;
    }

    public static T Did<T>(this StepOutcome outcome)
        where T : ActionEvent =>
        Assert.IsType<T>(Assert.Single(outcome.Actions));

    public static void DidNothing(this StepOutcome outcome)
    {
        Assert.Null(outcome.End);
        Assert.Empty(outcome.Actions);
    }
}
