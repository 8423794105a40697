using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Runs the function for the events of an event hub, in order within a partition.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class EventHubTriggerAttribute : TriggerBindingAttribute, ISupportCardinality
{
    private Cardinality _cardinality = Cardinality.Many;

    /// <summary>Sets the hub.</summary>
    /// <param name="eventHubName">Its name, or <c>%Setting%</c> holding it.</param>
    public EventHubTriggerAttribute(string eventHubName) => EventHubName = eventHubName;

    /// <summary>The hub as written.</summary>
    public string EventHubName { get; }

    /// <summary>The consumer group, or <c>%Setting%</c>; <c>$Default</c> when null.</summary>
    public string? ConsumerGroup { get; set; }

    /// <summary>The setting that holds the connection string.</summary>
    public string? Connection { get; set; }

    /// <summary>An array of events for each call (the default), or one event.</summary>
    public bool IsBatched
    {
        get => _cardinality == Cardinality.Many;
        set => _cardinality = value ? Cardinality.Many : Cardinality.One;
    }

    Cardinality ISupportCardinality.Cardinality
    {
        get => _cardinality;
        set => _cardinality = value;
    }
}
