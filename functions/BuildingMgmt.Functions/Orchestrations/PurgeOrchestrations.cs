using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace BuildingMgmt.Functions.Orchestrations;

/// <summary>Forgets orchestrations that ended and are old.</summary>
public sealed class PurgeOrchestrations(OrchestrationPurge purge)
{
    /// <summary>Runs once a day, at 03:41 UTC: what a missed or failed run leaves, the next one takes.</summary>
    [Function(nameof(PurgeOrchestrations))]
    public Task RunAsync(
        [TimerTrigger("0 41 3 * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(timer);
        return purge.PurgeAsync(client, cancellationToken);
    }
}
