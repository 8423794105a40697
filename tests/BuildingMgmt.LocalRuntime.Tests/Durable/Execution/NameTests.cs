using BuildingMgmt.LocalRuntime.Durable.Execution;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Execution;

/// <summary>What no store could keep fails the orchestrator at the call, where it can be caught.</summary>
public sealed class NameTests
{
    private static readonly TaskOptions BadVersion = new TaskOptions() with { Version = new TaskVersion("1\0") };

    public static TheoryData<string, Action<TaskOrchestrationContext>> Calls { get; } = new()
    {
        { "An activity's name is missing", context => context.CallActivityAsync(default(TaskName)) },
        { "An activity's name holds U+0000", context => context.CallActivityAsync("a\0b") },
        { "A version holds U+0000", context => context.CallActivityAsync("a", null, BadVersion) },
        { "A sub-orchestrator's name is 501 characters long; 500 are allowed", context => context.CallSubOrchestratorAsync(new string('a', 501)) },
        { "holds the character U+0000", context => context.CallSubOrchestratorAsync("a", null, new TaskOptions().WithInstanceId("a\0")) },
        { "holds one half of a surrogate pair", context => context.CallSubOrchestratorAsync("a", null, new TaskOptions().WithInstanceId("\udc00a")) },
        { "is 9000 characters long; 100 are allowed", context => context.CallSubOrchestratorAsync("a", null, new TaskOptions().WithInstanceId(new string('a', 9_000))) },
        { "holds the character U+0000", context => context.SendEvent("a\0", "n", 1) },
        { "An event's name holds U+0000", context => context.SendEvent("a", "n\0", 1) },
        { "An event's name is missing", context => context.WaitForExternalEvent<int>("") },
    };

    [Theory]
    [MemberData(nameof(Calls), DisableDiscoveryEnumeration = true)]
    public void What_cannot_be_kept_fails_at_the_call(string message, Action<TaskOrchestrationContext> call)
    {
        var stepped = new Stepped(async context =>
        {
            call(context);
            return await Task.FromResult("went on");
        });

        var failure = stepped.Start().Failed();

        Assert.Equal(typeof(ArgumentException).FullName, failure.ErrorType);
        Assert.Contains(message, failure.ErrorMessage, StringComparison.Ordinal);
        Assert.DoesNotContain(stepped.History, happened => happened is ActionEvent);
    }
}
