using System.Collections.Frozen;
using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.LocalRuntime.Durable.Workers;
using BuildingMgmt.LocalRuntime.Functions;
using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Durable.Functions;

/// <summary>The app's orchestrators and activities, in the app's middleware.</summary>
internal sealed class DurableFunctions : IDurableFunctions
{
    private readonly FrozenDictionary<string, (LoadedFunction Function, OrchestratorCode Code)> _orchestrators;
    private readonly FrozenDictionary<string, LoadedFunction> _activities;
    private readonly FunctionPipeline _pipeline;
    private readonly IServiceScopeFactory _scopes;
    private readonly DataConverter _converter;
    private readonly HostTimes _times;
    private readonly ILogger _logger;

    public DurableFunctions(
        LoadedFunctions functions,
        FunctionPipeline pipeline,
        IServiceScopeFactory scopes,
        AppPayloads payloads,
        HostTimes times,
        ILogger<DurableFunctions> logger)
    {
        _pipeline = pipeline;
        _scopes = scopes;
        _converter = payloads.Converter;
        _times = times;
        _logger = logger;
        _orchestrators = ByName(functions.Of<OrchestrationTriggerAttribute>(), trigger => trigger.Orchestration)
            .ToFrozenDictionary(pair => pair.Name, pair => (pair.Function, Code(pair.Function)), StringComparer.OrdinalIgnoreCase);
        _activities = ByName(functions.Of<ActivityTriggerAttribute>(), trigger => trigger.Activity)
            .ToFrozenDictionary(pair => pair.Name, pair => pair.Function, StringComparer.OrdinalIgnoreCase);
    }

    public OrchestratorCode? Orchestrator(string name) => _orchestrators.TryGetValue(name, out var found) ? found.Code : null;

    // What a class was given when it was made goes with the step's services.
    public bool MayRest(string orchestrator) =>
        !_orchestrators.TryGetValue(orchestrator, out var found)
        || found.Function.Method.IsStatic
        || found.Function.Method.DeclaringType!.GetConstructors().All(constructor => constructor.GetParameters().Length == 0);

    public async Task AroundStepAsync(StepPlace place, Action step, CancellationToken cancellationToken)
    {
        if (!_orchestrators.TryGetValue(place.Orchestrator, out var found))
        {
            // The engine says what is missing.
            step();
            return;
        }

        var scope = _scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            FunctionRun? run = null;
            run = new FunctionRun(
                found.Function, scope.ServiceProvider, input: null, BindingData(place.InstanceId), RunRetry.None, cancellationToken, place.TraceParent)
            {
                Inner = () => OrchestratorStep.Within(run!, step),
            };
            await _pipeline.RunAsync(run).ConfigureAwait(false);
        }
    }

    public async Task<string?> RunActivityAsync(ActivityWork work, CancellationToken cancellationToken)
    {
        if (!_activities.TryGetValue(work.Name, out var function))
        {
            throw new ActivityNotFoundException(
                $"The app has no activity \"{work.Name}\". It has: {(_activities.Count == 0 ? "none" : string.Join(", ", _activities.Keys.Order(StringComparer.OrdinalIgnoreCase)))}.");
        }

        using var time = _times.StartTimeout(_times.Timestamp);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, time?.Token ?? CancellationToken.None);
        var scope = _scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            var data = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase) { ["instanceId"] = work.InstanceId, ["data"] = work.Input };
            var run = new FunctionRun(
                function, scope.ServiceProvider, work, new RunBindingContext(data), RunRetry.None, timeout.Token, work.TraceParent);
            try
            {
                await _pipeline.RunAsync(run).ConfigureAwait(false);
                return Payloads.Bounded(_converter.Serialize(run.Result.Value), $"The output of activity \"{work.Name}\"");
            }
            catch (Exception) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                _logger.RunTimedOut(function.Name, run.InvocationId, _times.FunctionTimeout.TotalSeconds);
                throw;
            }
        }
    }

    private static IEnumerable<(string Name, LoadedFunction Function)> ByName<TTrigger>(
        IEnumerable<(LoadedFunction Function, TTrigger Trigger)> functions, Func<TTrigger, string?> given)
    {
        var names = new Dictionary<string, LoadedFunction>(StringComparer.OrdinalIgnoreCase);
        foreach (var (function, trigger) in functions)
        {
            var name = given(trigger) is { Length: > 0 } own ? own : function.Name;
            if (!names.TryAdd(name, function))
                throw new FunctionWorkerException($"Functions {names[name]} and {function} have the same name \"{name}\" in their triggers.");
            yield return (name, function);
        }
    }

    private static RunBindingContext BindingData(string instanceId) =>
        new(new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase) { ["instanceId"] = instanceId });

    // Not ConfigureAwait(false): what follows an await is part of the replay, on its context.
    private static OrchestratorCode Code(LoadedFunction function) => async context =>
    {
        var run = OrchestratorStep.Run;
        run.Input = context;
        return await function.Invoke(run);
    };
}
