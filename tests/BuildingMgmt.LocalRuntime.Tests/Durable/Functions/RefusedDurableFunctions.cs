using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Functions;

#pragma warning disable IDE0060 // Parameters of functions that never run.
public static class RefusedDurableFunctions
{
    [Function("WrongContext")]
    public static Task WrongContext([OrchestrationTrigger] string state) => Task.CompletedTask;

    [Function("ClientInOrchestrator")]
    public static Task ClientInOrchestrator([OrchestrationTrigger] TaskOrchestrationContext context, [DurableClient] DurableTaskClient client) => Task.CompletedTask;

    [Function("RetriedOrchestrator")]
    [FixedDelayRetry(1, "00:00:01")]
    public static Task RetriedOrchestrator([OrchestrationTrigger] TaskOrchestrationContext context) => Task.CompletedTask;

    [Function("RetriedActivity")]
    [FixedDelayRetry(1, "00:00:01")]
    public static Task RetriedActivity([ActivityTrigger] string input) => Task.CompletedTask;

    [Function("ContextOfActivity")]
    public static Task ContextOfActivity([ActivityTrigger] TaskActivityContext context) => Task.CompletedTask;

    [Function("TwoInputs")]
    public static Task TwoInputs([OrchestrationTrigger] TaskOrchestrationContext context, int a, int b) => Task.CompletedTask;

    [Function("TwoValues")]
    public static Task TwoValues([ActivityTrigger] int x, int y) => Task.CompletedTask;

    [Function("WrongClient")]
    public static Task WrongClient([TimerTrigger("0 * * * * *")] TimerInfo timer, [DurableClient] string client) => Task.CompletedTask;

    [Function("OtherHub")]
    public static Task OtherHub([TimerTrigger("0 * * * * *")] TimerInfo timer, [DurableClient(TaskHub = "Other")] DurableTaskClient client) => Task.CompletedTask;
}

public sealed class ClassBasedActivity : TaskActivity<string, string>
{
    public override Task<string> RunAsync(TaskActivityContext context, string input) => Task.FromResult(input);
}
#pragma warning restore IDE0060
