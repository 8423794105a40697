using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.DeadLetters;

/// <summary>Keeps dead letters from growing for ever. How is in <see cref="DeadLetterPurge"/>.</summary>
public sealed class PurgeDeadLetters(DeadLetterPurge purge)
{
    /// <summary>Runs in one instance at a time, every five minutes: what a run leaves, the next one takes.</summary>
    [Function(nameof(PurgeDeadLetters))]
    public Task RunAsync([TimerTrigger("0 */5 * * * *", RunOnStartup = true)] TimerInfo timer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(timer);
        return purge.PurgeAsync(cancellationToken);
    }
}
