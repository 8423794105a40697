using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.LocalRuntime.Functions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.LocalRuntime.Durable.Functions;

/// <summary>Gives parameters their values, called by compiled invokers.</summary>
internal static class DurableValues
{
    public static T? OrchestratorInput<T>(FunctionRun run) => ((TaskOrchestrationContext)run.Input!).GetInput<T>();

    /// <exception cref="FunctionInputConverterException">The input is not of the parameter's type.</exception>
    public static T? ActivityInput<T>(FunctionRun run)
    {
        var work = (ActivityWork)run.Input!;
        try
        {
            return run.InstanceServices.GetRequiredService<AppPayloads>().Converter.Deserialize<T>(work.Input);
        }
        catch (System.Text.Json.JsonException e)
        {
            throw new FunctionInputConverterException($"The input of activity \"{work.Name}\" is no \"{typeof(T)}\": {e.Message}", e);
        }
    }

    public static DurableTaskClient Client(FunctionRun run) => run.InstanceServices.GetRequiredService<DurableHub>().Client;
}
