using System.Reflection;
using BuildingMgmt.LocalRuntime.Functions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace BuildingMgmt.LocalRuntime.Durable.Functions;

/// <summary>What the parameters of orchestrators, activities and users of a client may be.</summary>
internal static class DurableParameters
{
    /// <summary>The parameter of an orchestrator that gets its input: the first that nothing else is bound to.</summary>
    public static ParameterInfo? InputOf(MethodInfo orchestrator) => Array.Find(
        orchestrator.GetParameters(),
        parameter => !parameter.GetCustomAttributes<Microsoft.Azure.Functions.Worker.Extensions.Abstractions.BindingAttribute>().Any()
            && parameter.ParameterType != typeof(FunctionContext)
            && parameter.ParameterType != typeof(CancellationToken));

    /// <summary>The one that gets the id of the orchestration.</summary>
    public static bool IsInstanceId(ParameterInfo parameter) =>
        parameter.ParameterType == typeof(string) && string.Equals(parameter.Name, "instanceId", StringComparison.OrdinalIgnoreCase);

    public static string Surplus(ParameterInfo parameter, string place) =>
        $"{place}: nothing can be bound to parameter \"{parameter.Name}\". Orchestrators and activities have one input: put several into one record. "
        + "A parameter \"string instanceId\" gets the orchestration's id.";

    public static bool UsesClient(LoadedFunction function) =>
        function.Method.GetParameters().Any(parameter => parameter.IsDefined(typeof(DurableClientAttribute)));

    public static void CheckOrchestrator(MethodInfo method, Type triggerType, string place, List<string> errors)
    {
        if (triggerType != typeof(TaskOrchestrationContext))
            errors.Add($"{place}: the orchestration trigger is bound to \"{triggerType}\"; bind it to TaskOrchestrationContext.");
        if (method.GetCustomAttribute<RetryAttribute>() is not null)
            errors.Add($"{place}: orchestrators cannot have a retry attribute (AZFW0012). Their callers give a retry policy with the call.");
        if (method.GetParameters().Any(parameter => parameter.GetCustomAttribute<DurableClientAttribute>() is not null))
            errors.Add($"{place}: an orchestrator cannot use a client (DURABLE0006), because its code is run again from its history. Let an activity do it.");
    }

    public static void CheckActivity(MethodInfo method, Type triggerType, string place, List<string> errors)
    {
        if (method.GetCustomAttribute<RetryAttribute>() is not null)
            errors.Add($"{place}: activities cannot have a retry attribute (AZFW0012). Their callers give a retry policy with the call.");
        if (triggerType == typeof(TaskActivityContext))
            errors.Add($"{place}: the activity trigger is bound to TaskActivityContext, which class-based activities have. Bind it to the input; a parameter \"string instanceId\" gets the caller's id.");
        else if (triggerType != typeof(FunctionContext) && (triggerType.IsByRef || triggerType.IsPointer || triggerType.IsSubclassOf(typeof(Delegate))))
            errors.Add($"{place}: the activity trigger is bound to \"{triggerType}\", which JSON cannot be read into.");
    }

    public static void CheckClient(ParameterInfo parameter, DurableClientAttribute client, string place, List<string> errors)
    {
        if (parameter.ParameterType != typeof(DurableTaskClient))
            errors.Add($"{place}: parameter \"{parameter.Name}\" with DurableClient is of type \"{parameter.ParameterType}\"; make it a DurableTaskClient.");
        if (client.TaskHub is not null || client.ConnectionName is not null)
            errors.Add($"{place}: the DurableClient of parameter \"{parameter.Name}\" names a hub or a connection of its own; only the app's hub is served locally.");
    }

    /// <summary>Class-based tasks need a registration by generated code, which there is none of here.</summary>
    public static void CheckType(Type type, List<string> errors)
    {
        if (type is { IsAbstract: false, IsInterface: false }
            && (type.IsAssignableTo(typeof(ITaskOrchestrator)) || type.IsAssignableTo(typeof(ITaskActivity))))
        {
            errors.Add($"{type.FullName} is a class-based task, which is not served locally. Write a method with [Function] instead.");
        }
    }
}
