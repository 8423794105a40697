using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.RollUps;

/// <summary>Rolls up the hours that are over, and repairs those into which something came late. How is in <see cref="RollUpRun"/>.</summary>
public sealed class RollUpReadings(RollUpRun run)
{
    /// <summary>Runs in one instance at a time, every 20 seconds: what a missed or failed run leaves, the next one takes.</summary>
    [Function(nameof(RollUpReadings))]
    public Task RunAsync([TimerTrigger("*/20 * * * * *")] TimerInfo timer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(timer);
        return run.RunAsync(cancellationToken);
    }
}
