using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.Orchestrations;

/// <summary>Removes old orchestrations with their histories.</summary>
public sealed class OrchestrationPurge(IOptions<OrchestrationOptions> options, TimeProvider time, ILogger<OrchestrationPurge> logger)
{
    // A call ends long before the function's time does, so that what it did is counted.
    private static readonly TimeSpan PortionTime = TimeSpan.FromSeconds(30);

    private static readonly OrchestrationRuntimeStatus[] Ended =
        [OrchestrationRuntimeStatus.Completed, OrchestrationRuntimeStatus.Failed, OrchestrationRuntimeStatus.Terminated];

    /// <summary>
    /// Removes those that were created longer than <see cref="OrchestrationOptions.KeepDays"/> ago and have ended, whenever that was: clients
    /// can ask by the time of creation only. So one that ran for months goes within a day of its end.
    /// </summary>
    /// <returns>How many there were.</returns>
    public async Task<int> PurgeAsync(DurableTaskClient client, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        var keepDays = options.Value.KeepDays;
        // Some hosts fail on a filter without a beginning.
        var filter = new PurgeInstancesFilter(DateTimeOffset.UnixEpoch, time.GetUtcNow().AddDays(-keepDays), Ended) { Timeout = PortionTime };
        var count = 0;
        try
        {
            PurgeResult portion;
            do
            {
                portion = await client.PurgeAllInstancesAsync(filter, cancellationToken);
                count += portion.PurgedInstanceCount;
            }
            while (portion.IsComplete != true && portion.PurgedInstanceCount > 0);
        }
        finally
        {
            if (count > 0)
                logger.OrchestrationsPurged(count, keepDays);
        }

        return count;
    }
}
