using System.ComponentModel.DataAnnotations;

namespace BuildingMgmt.Functions.RollUps;

/// <summary>When and how readings are rolled up: section <c>RollUps</c>.</summary>
public sealed class RollUpsOptions
{
    /// <summary>An hour is rolled up so long after its end, seconds; what comes later is late and repairs it. Default 60.</summary>
    [Range(0, 3600)]
    public int GraceSeconds { get; set; } = 60;

    /// <summary>
    /// Points times hours that one transaction rolls up, at most; fewer when they take it long. Default 20,000.
    /// </summary>
    [Range(1, 200_000)]
    public int BucketsPerTransactionMax { get; set; } = 20_000;
}
