using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Makes the function an orchestrator: its code is run again from its history after every wait.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class OrchestrationTriggerAttribute : TriggerBindingAttribute
{
    /// <summary>Under the function's name, unless said.</summary>
    public OrchestrationTriggerAttribute()
    {
    }

    /// <summary>Name of the orchestrator; null: the function's.</summary>
    public string? Orchestration { get; set; }
}

/// <summary>Makes the function an activity: it runs at least once for each call of an orchestrator.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class ActivityTriggerAttribute : TriggerBindingAttribute
{
    /// <summary>Under the function's name, unless said.</summary>
    public ActivityTriggerAttribute()
    {
    }

    /// <summary>Name of the activity; null: the function's.</summary>
    public string? Activity { get; set; }
}

/// <summary>Binds a client of the app's hub.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class DurableClientAttribute : InputBindingAttribute
{
    /// <summary>Of the hub of host.json.</summary>
    public DurableClientAttribute()
    {
    }

    /// <summary>The setting with another connection string. Not served here.</summary>
    public string? ConnectionName { get; set; }

    /// <summary>Another hub. Not served here.</summary>
    public string? TaskHub { get; set; }
}
