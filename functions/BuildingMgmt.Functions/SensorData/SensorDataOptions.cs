using System.ComponentModel.DataAnnotations;

namespace BuildingMgmt.Functions.SensorData;

/// <summary>Readings that come by HTTP: section <c>SensorData</c>.</summary>
public sealed class SensorDataOptions
{
    /// <summary>Longest wait until the event hub has accepted a batch, seconds; then the answer is 503. Default 10.</summary>
    [Range(1, 60)]
    public int SendTimeoutSeconds { get; set; } = 10;
}
