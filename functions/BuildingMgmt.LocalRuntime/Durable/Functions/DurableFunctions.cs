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
    // The step that this thread is in. An orchestrator's code begins within a step, and is given that step's context.
    [ThreadStatic]
    private static FunctionRun? _step;

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
                Inner = () => Within(run!, step),
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

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (_times.FunctionTimeout != Timeout.InfiniteTimeSpan)
            timeout.CancelAfter(_times.FunctionTimeout);
        var scope = _scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            var data = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase) { ["instanceId"] = work.InstanceId, ["data"] = work.Input };
            var run = new FunctionRun(
                function, scope.ServiceProvider, work, new RunBindingContext(data), RunRetry.None, timeout.Token, work.TraceParent);
            try
            {
                await _pipeline.RunAsync(run).ConfigureAwait(false);
                return _converter.Serialize(run.Result.Value);
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

    private static void Within(FunctionRun run, Action step)
    {
        var outer = _step;
        _step = run;
        try
        {
            step();
        }
        finally
        {
            _step = outer;
        }
    }

    // Not ConfigureAwait(false): what follows an await is part of the replay, on its context.
    private static OrchestratorCode Code(LoadedFunction function) => async context =>
    {
        var run = _step ?? throw new InvalidOperationException($"Orchestrator {function} was run outside of a step.");
        run.Input = context;
        run.Step = () => _step;
        return await function.Invoke(run);
    };
}
