using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Azure.Messaging.EventHubs;
using BuildingMgmt.LocalRuntime.Durable.Functions;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace BuildingMgmt.LocalRuntime.Functions;

/// <summary>Finds the functions among the app's types, and refuses what the real build refuses.</summary>
internal static partial class FunctionDiscovery
{
    private const BindingFlags AllMethods =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    /// <exception cref="FunctionWorkerException">Names every method that cannot be a function, and why.</exception>
    public static IReadOnlyList<LoadedFunction> Find(IReadOnlyCollection<Type> types)
    {
        var functions = new List<LoadedFunction>();
        var errors = new List<string>();
        var names = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var type in types)
            DurableParameters.CheckType(type, errors);
        foreach (var method in types.SelectMany(type => type.GetMethods(AllMethods)))
        {
            if (method.GetCustomAttribute<FunctionAttribute>() is not { } attribute)
                continue;
            var place = $"{method.DeclaringType!.FullName}.{method.Name}";
            var before = errors.Count;
            if (!FunctionName().IsMatch(attribute.Name))
                errors.Add($"{place}: function name \"{attribute.Name}\" is not a letter followed by at most 126 letters, digits, _ or -.");
            if (!names.TryAdd(attribute.Name, place))
                errors.Add($"{place}: function name \"{attribute.Name}\" is taken by {names[attribute.Name]} (AZFW0017). Names are unique, whatever their case.");
            CheckMethod(method, place, errors);
            var trigger = FindTrigger(method, place, errors);
            if (trigger is not null)
                CheckTrigger(method, trigger.Value.Parameter, trigger.Value.Attribute, place, errors);
            if (errors.Count == before)
                functions.Add(Load(attribute.Name, method, trigger!.Value.Parameter, trigger.Value.Attribute));
        }

        if (errors.Count > 0)
        {
            throw new FunctionWorkerException(
                $"The app's functions cannot run as they are:{string.Concat(errors.Select(error => $"{Environment.NewLine}  {error}"))}");
        }

        return functions;
    }

    private static LoadedFunction Load(string name, MethodInfo method, ParameterInfo parameter, TriggerBindingAttribute trigger) => new()
    {
        Definition = new LoadedFunctionDefinition(name, method, trigger),
        Method = method,
        Trigger = trigger,
        Retry = method.GetCustomAttribute<RetryAttribute>(),
        Invoke = FunctionInvoker.Compile(method, parameter),
    };

    private static void CheckMethod(MethodInfo method, string place, List<string> errors)
    {
        // The real Sdk leaves such methods out of its metadata without a word; here that is said.
        if (!method.IsPublic || !method.DeclaringType!.IsVisible)
            errors.Add($"{place} is not public. The Functions Sdk leaves such methods out: make the method and its class public.");
        if (method.IsGenericMethodDefinition || method.DeclaringType!.ContainsGenericParameters)
            errors.Add($"{place} is generic. A function and its class cannot be.");
        if (method.DeclaringType!.IsAbstract && !method.IsStatic)
            errors.Add($"{place}: its class is abstract, so no instance of it can be made.");
        if (method.ReturnType == typeof(void) && method.GetCustomAttribute<AsyncStateMachineAttribute>() is not null)
            errors.Add($"{place} is async void (AZFW0002): nobody would wait for it. Return Task.");
    }

    private static (ParameterInfo Parameter, TriggerBindingAttribute Attribute)? FindTrigger(
        MethodInfo method, string place, List<string> errors)
    {
        var triggers = method.GetParameters()
            .Select(parameter => (Parameter: parameter, Attribute: parameter.GetCustomAttribute<TriggerBindingAttribute>()))
            .Where(pair => pair.Attribute is not null)
            .ToList();
        if (triggers.Count == 1)
            return (triggers[0].Parameter, triggers[0].Attribute!);
        errors.Add($"{place} has {triggers.Count} trigger parameters; a function has exactly one.");
        return null;
    }

    private static void CheckTrigger(
        MethodInfo method, ParameterInfo parameter, TriggerBindingAttribute trigger, string place, List<string> errors)
    {
        var type = parameter.ParameterType;
        switch (trigger)
        {
            case HttpTriggerAttribute http:
                if (http.AuthLevel != AuthorizationLevel.Anonymous)
                    errors.Add($"{place}: AuthorizationLevel.{http.AuthLevel} needs the Functions host's keys, which are not served locally. Use Anonymous.");
                if (type != typeof(HttpRequest))
                    errors.Add($"{place}: the HTTP trigger is bound to \"{type}\"; bind it to HttpRequest.");
                if (method.GetCustomAttribute<RetryAttribute>() is not null)
                    errors.Add($"{place}: HTTP functions cannot have a retry attribute (AZFW0012).");
                break;
            case TimerTriggerAttribute:
                if (type != typeof(TimerInfo))
                    errors.Add($"{place}: the timer trigger is bound to \"{type}\"; bind it to TimerInfo.");
                break;
            case EventHubTriggerAttribute { IsBatched: true }:
                if (type == typeof(EventData))
                    errors.Add($"{place}: a single EventData needs IsBatched = false (AZFW0008).");
                else if (type != typeof(EventData[]))
                    errors.Add($"{place}: the Event Hubs trigger is bound to \"{type}\"; bind it to EventData[].");
                break;
            case EventHubTriggerAttribute:
                if (type != typeof(EventData))
                    errors.Add($"{place}: with IsBatched = false the Event Hubs trigger is bound to EventData, not \"{type}\".");
                break;
            case OrchestrationTriggerAttribute:
                DurableParameters.CheckOrchestrator(method, type, place, errors);
                break;
            case ActivityTriggerAttribute:
                DurableParameters.CheckActivity(method, type, place, errors);
                break;
            default:
                errors.Add($"{place}: trigger \"{trigger.GetType().Name}\" is not served locally.");
                break;
        }

        foreach (var other in method.GetParameters())
        {
            if (other.GetCustomAttribute<DurableClientAttribute>() is { } client)
            {
                DurableParameters.CheckClient(other, client, place, errors);
                continue;
            }

            var known = other == parameter
                || other.ParameterType == typeof(FunctionContext)
                || other.ParameterType == typeof(CancellationToken)
                || (other.ParameterType == typeof(HttpRequest) && trigger is HttpTriggerAttribute)
                || (trigger is OrchestrationTriggerAttribute && other == DurableParameters.InputOf(method))
                || (trigger is OrchestrationTriggerAttribute or ActivityTriggerAttribute
                    ? DurableParameters.IsInstanceId(other)
                    : BoundValue.Supports(other.ParameterType));
            if (!known && trigger is OrchestrationTriggerAttribute or ActivityTriggerAttribute)
                errors.Add(DurableParameters.Surplus(other, place));
            else if (!known)
                errors.Add($"{place}: parameter \"{other.Name}\" is of type \"{other.ParameterType}\", to which nothing can be bound.");
        }
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_-]{0,126}$")]
    private static partial Regex FunctionName();
}
