using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>Makes the partitions of this month and the next two, long before a reading needs them.</summary>
public sealed class CreateReadingPartitions(ReadingMonths months)
{
    /// <summary>Runs twice a day: one missed run, or many, costs nothing, as ingest makes what it finds missing.</summary>
    [Function(nameof(CreateReadingPartitions))]
    public Task RunAsync([TimerTrigger("0 7 */12 * * *", RunOnStartup = true)] TimerInfo timer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(timer);
        return months.CreateAheadAsync(cancellationToken);
    }
}
