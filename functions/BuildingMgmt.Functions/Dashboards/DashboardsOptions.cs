using System.ComponentModel.DataAnnotations;

namespace BuildingMgmt.Functions.Dashboards;

/// <summary>Dashboards: section <c>Dashboards</c>.</summary>
public sealed class DashboardsOptions
{
    /// <summary>
    /// How long an instance answers from memory before it reads the table store again, seconds. What the instance itself stores
    /// shows at once; this is how late it sees what others stored. Default 1.
    /// </summary>
    [Range(0.1, 60)]
    public double CacheSeconds { get; set; } = 1;

    /// <summary>A value is stale when it is older than this many of its point's intervals. Default 3.</summary>
    [Range(1, 1000)]
    public double StaleAfterIntervals { get; set; } = 3;
}
