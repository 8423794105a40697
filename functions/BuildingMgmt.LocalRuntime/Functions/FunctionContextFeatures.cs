using BuildingMgmt.LocalRuntime.Durable.Functions;
using BuildingMgmt.LocalRuntime.Functions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>What a run returned, for middleware.</summary>
public static class FunctionContextBindingFeatureExtensions
{
    /// <summary>What the function returned; set its value to answer with something else.</summary>
    public static InvocationResult GetInvocationResult(this FunctionContext context) => Run(context).Result;

    private static FunctionRun Run(FunctionContext context) => context switch
    {
        FunctionRun run => run,
        OrchestratorStep => OrchestratorStep.Run,
        _ => throw new ArgumentException("The context was not made by this runtime.", nameof(context)),
    };
}

/// <summary>Loggers within a run.</summary>
public static class FunctionContextLoggerExtensions
{
    /// <summary>A logger of the given category.</summary>
    public static ILogger GetLogger(this FunctionContext context, string categoryName) =>
        context.InstanceServices.GetRequiredService<ILoggerFactory>().CreateLogger(categoryName);

    /// <summary>A logger whose category is the type's name.</summary>
    public static ILogger<T> GetLogger<T>(this FunctionContext context) =>
        context.InstanceServices.GetRequiredService<ILogger<T>>();
}
