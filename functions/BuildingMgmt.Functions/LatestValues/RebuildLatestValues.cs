using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.LatestValues;

/// <summary>
/// Holds some floors' latest values against PostgreSQL, and the next ones when it runs again. How is in
/// <see cref="LatestValueRepair"/>.
/// </summary>
public sealed class RebuildLatestValues(LatestValueRepair repair)
{
    /// <summary>Runs in one instance at a time, every 30 seconds.</summary>
    [Function(nameof(RebuildLatestValues))]
    public Task RunAsync([TimerTrigger("*/30 * * * * *")] TimerInfo timer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(timer);
        return repair.RepairSomeAsync(cancellationToken);
    }
}
