using System.ComponentModel.DataAnnotations;

namespace BuildingMgmt.Functions.Orchestrations;

/// <summary>How long orchestrations are remembered: section <c>Orchestrations</c>.</summary>
public sealed class OrchestrationOptions
{
    /// <summary>An orchestration that has ended is forgotten so many days after it was created. Default 30.</summary>
    [Range(1, 3650)]
    public int KeepDays { get; set; } = 30;
}
