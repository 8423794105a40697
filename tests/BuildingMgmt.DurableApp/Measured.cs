using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace BuildingMgmt.DurableApp;

/// <summary>Orchestrations that do nothing, so that only the engine is measured.</summary>
public static class Measured
{
    [Function(nameof(Chain))]
    public static async Task<int> Chain([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var value = 0;
        for (var i = context.GetInput<int>(); i > 0; i--)
            value = await context.CallActivityAsync<int>(nameof(AddOne), value);
        return value;
    }

    [Function(nameof(FanOut))]
    public static async Task<int> FanOut([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var calls = Enumerable.Range(0, context.GetInput<int>()).Select(_ => context.CallActivityAsync<int>(nameof(AddOne), 0));
        return (await Task.WhenAll(calls)).Sum();
    }

    [Function(nameof(AddOne))]
    public static int AddOne([ActivityTrigger] int value) => value + 1;
}
