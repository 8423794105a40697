using BuildingMgmt.LocalRuntime.Functions;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.LocalRuntime.Durable.Functions;

/// <summary>
/// What an orchestrator's code is given as its run: the run of the step that it is in. Code that stays in memory outlives the step in which it
/// began, whose services are gone by then.
/// </summary>
internal sealed class OrchestratorStep : FunctionContext
{
    public static readonly OrchestratorStep Context = new();

    [ThreadStatic]
    private static FunctionRun? _run;

    private OrchestratorStep()
    {
    }

    /// <summary>The run of the step that this thread is in.</summary>
    public static FunctionRun Run => _run
        ?? throw new InvalidOperationException("An orchestrator used its FunctionContext outside of its own thread. Leave such work to an activity.");

    public override string InvocationId => Run.InvocationId;

    public override string FunctionId => Run.FunctionId;

    public override TraceContext TraceContext => Run.TraceContext;

    public override BindingContext BindingContext => Run.BindingContext;

    public override RetryContext RetryContext => Run.RetryContext;

    public override IServiceProvider InstanceServices
    {
        get => Run.InstanceServices;
        set => Run.InstanceServices = value;
    }

    public override FunctionDefinition FunctionDefinition => Run.FunctionDefinition;

    public override IDictionary<object, object> Items
    {
        get => Run.Items;
        set => Run.Items = value;
    }

    public override IInvocationFeatures Features => Run.Features;

    public override CancellationToken CancellationToken => Run.CancellationToken;

    /// <summary>Runs a step, all of it on this thread.</summary>
    public static void Within(FunctionRun run, Action step)
    {
        var outer = _run;
        _run = run;
        try
        {
            step();
        }
        finally
        {
            _run = outer;
        }
    }
}
