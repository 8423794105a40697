using BuildingMgmt.LocalRuntime.Durable.Store;
using Microsoft.DurableTask.Client;

namespace BuildingMgmt.LocalRuntime.Durable.Client;

/// <summary>Removes ended orchestrations, some at a time.</summary>
internal static class InstancePurges
{
    /// <summary>Instances in one delete: its locks are held for a short time only.</summary>
    public const int InstancesMax = 200;

    /// <summary>Until none is left that matches, or the time is up.</summary>
    public static async Task<PurgeResult> PurgeAsync(
        IDurableStore store, InstanceFilter matching, bool recursive, Func<bool> timeIsUp, CancellationToken cancellation)
    {
        var count = 0;
        while (true)
        {
            var purged = recursive
                ? await PurgeFamiliesAsync(store, matching, cancellation).ConfigureAwait(false)
                : await store.PurgeAsync(matching, cancellation).ConfigureAwait(false);
            count += purged;
            if (purged == 0)
                return new PurgeResult(count, isComplete: !await AnyEndedAsync(store, matching, cancellation).ConfigureAwait(false));
            if (timeIsUp())
                return new PurgeResult(count, isComplete: false);
        }
    }

    private static async Task<int> PurgeFamiliesAsync(IDurableStore store, InstanceFilter filter, CancellationToken cancellation)
    {
        var count = 0;
        foreach (var state in await EndedAsync(store, filter, cancellation).ConfigureAwait(false))
            count += await store.PurgeAsync(state.InstanceId, recursive: true, cancellation).ConfigureAwait(false);
        return count;
    }

    // Those that somebody else holds are left out of a purge.
    private static async Task<bool> AnyEndedAsync(IDurableStore store, InstanceFilter filter, CancellationToken cancellation) =>
        (await EndedAsync(store, filter with { Max = 1 }, cancellation).ConfigureAwait(false)).Count > 0;

    private static Task<IReadOnlyList<InstanceState>> EndedAsync(IDurableStore store, InstanceFilter filter, CancellationToken cancellation)
    {
        int[] statuses = [.. Statuses.Ends.Where(end => filter.Statuses.Count == 0 || filter.Statuses.Contains(end))];
        return statuses.Length == 0
            ? Task.FromResult<IReadOnlyList<InstanceState>>([])
            : store.QueryAsync(filter with { Statuses = statuses }, cancellation);
    }
}
