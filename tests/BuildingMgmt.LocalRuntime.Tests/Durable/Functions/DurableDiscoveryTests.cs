using BuildingMgmt.LocalRuntime.Functions;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Functions;

public sealed class DurableDiscoveryTests
{
    [Theory]
    [InlineData("RefusedDurableFunctions.WrongContext: the orchestration trigger is bound to \"System.String\"")]
    [InlineData("RefusedDurableFunctions.ClientInOrchestrator: an orchestrator cannot use a client")]
    [InlineData("RefusedDurableFunctions.RetriedOrchestrator: orchestrators cannot have a retry attribute (AZFW0012)")]
    [InlineData("RefusedDurableFunctions.RetriedActivity: activities cannot have a retry attribute (AZFW0012)")]
    [InlineData("RefusedDurableFunctions.ContextOfActivity: the activity trigger is bound to TaskActivityContext")]
    [InlineData("RefusedDurableFunctions.WrongClient: parameter \"client\" with DurableClient is of type \"System.String\"")]
    [InlineData("RefusedDurableFunctions.OtherHub: the DurableClient of parameter \"client\" names a hub")]
    [InlineData("RefusedDurableFunctions.TwoInputs: nothing can be bound to parameter \"b\"")]
    [InlineData("RefusedDurableFunctions.TwoValues: nothing can be bound to parameter \"y\"")]
    [InlineData("ClassBasedActivity is a class-based task")]
    public void What_cannot_be_served_stops_the_start_and_is_named(string message)
    {
        var error = Assert.Throws<FunctionWorkerException>(
            () => FunctionDiscovery.Find([typeof(RefusedDurableFunctions), typeof(ClassBasedActivity)]));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
