using Azure;
using Azure.Messaging.EventHubs;
using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>One Event Hubs trigger of this instance: takes its share of the partitions, renews what it has, and gives it up at the end.</summary>
internal sealed class EventHubListener(PartitionWork work) : ITriggerListener
{
    private readonly Dictionary<string, PartitionWorker> _workers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task> _leaving = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Ownership> _owned = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;
    private string[]? _partitions;
    private bool _storageAway;
    private bool _hubAway;

    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>Stops receiving, lets running batches end, checkpoints, and gives the partitions up so that others take them at once.</summary>
    /// <param name="cancelRuns">Tells running batches that time is up.</param>
    public async Task StopAsync(CancellationToken cancelRuns)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        await Task.WhenAll(_workers.Values.Select(worker => worker.StopAsync(cancelRuns))).ConfigureAwait(false);
        await Task.WhenAll(_leaving.Values).ConfigureAwait(false);
        foreach (var ownership in _owned.Values)
        {
            try
            {
                await work.Blobs.ClaimAsync(ownership.Partition, "", ownership, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e) when (IsStorageError(e))
            {
                work.Logger.OwnershipNotGivenUp(e, ownership.Partition);
                return; // It expires by itself.
            }
        }
    }

    private static bool IsStorageError(Exception e) => e is RequestFailedException or AggregateException or IOException;

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            var again = false;
            try
            {
                _partitions ??= await AskForPartitionsAsync().ConfigureAwait(false);
                again = await BalanceAsync(_partitions).ConfigureAwait(false);
                if (_storageAway)
                    work.Logger.StorageBack(work.Function.Name);
                _storageAway = false;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (EventHubsException e)
            {
                if (!_hubAway)
                    work.Logger.HubAway(e, work.Function.Name, work.Address);
                _hubAway = true;
            }
            catch (Exception e)
            {
                // What is owned goes on being worked off: should another instance take a partition, the endpoint says so.
                if (!_storageAway)
                    work.Logger.StorageAway(e, work.Function.Name);
                _storageAway = true;
            }

            if (again)
                continue;
            try
            {
                // Instances that started together should not go on asking together.
                var interval = work.Settings.LoadBalancingUpdateInterval * (0.9 + (Random.Shared.NextDouble() * 0.2));
                await Task.Delay(interval, work.Time, _stopping.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<string[]> AskForPartitionsAsync()
    {
        var connection = await HubConnection.OpenAsync(work.Address, work.Time, _stopping.Token).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var properties = await HubManagement.HubPropertiesAsync(connection, _stopping.Token).ConfigureAwait(false);
            work.Logger.ListenerStarted(work.Function.Name, work.Address, work.ConsumerGroup, properties.PartitionIds.Length);
            return properties.PartitionIds;
        }
    }

    /// <returns>Whether the share is not right yet.</returns>
    private async Task<bool> BalanceAsync(string[] partitions)
    {
        var listed = await work.Blobs.ListOwnershipAsync(_stopping.Token).ConfigureAwait(false);
        var known = listed.ToDictionary(ownership => ownership.Partition, StringComparer.Ordinal);
        await RenewAsync(known).ConfigureAwait(false);

        var now = work.Time.GetUtcNow();
        var active = known.Values
            .Where(ownership => ownership.Owner.Length > 0
                && (ownership.Owner == work.Instance || now - ownership.LastModified < work.Settings.PartitionOwnershipExpirationInterval))
            .ToList();

        // Claims are not cancelled: one that was cut off could have been made, and nobody would give it up again.
        if (PartitionBalance.NextToClaim(partitions, active, work.Instance, Random.Shared.Next) is not { } partition)
            return false;
        var claimed = await work.Blobs.ClaimAsync(partition, work.Instance, known.GetValueOrDefault(partition), CancellationToken.None).ConfigureAwait(false);
        if (claimed is null)
            return true;
        _owned[partition] = claimed;
        work.Logger.PartitionClaimed(partition, work.Address);
        StartWorker(partition);
        return true;
    }

    // Renews what is ours, makes lost blobs again, and lets go of what another has taken. Leaves the truth in `known`.
    private async Task RenewAsync(Dictionary<string, Ownership> known)
    {
        foreach (var partition in _owned.Keys.ToList())
        {
            // Another has it, or had its blob written before storage lost a moment: the version that was just read decides.
            var current = known.GetValueOrDefault(partition);
            var renewed = current is null || current.Owner == work.Instance
                ? await work.Blobs.ClaimAsync(partition, work.Instance, current, CancellationToken.None).ConfigureAwait(false)
                : null;
            if (renewed is not null)
            {
                _owned[partition] = known[partition] = renewed;
                continue;
            }

            _owned.Remove(partition);
            if (_workers.Remove(partition, out var worker))
            {
                work.Logger.PartitionLost(partition, work.Address, current?.Owner ?? "another");

                // Not waited for: a function that is slow to hear must not keep the other partitions from being renewed.
                _leaving[partition] = worker.AbandonAsync();
            }
        }

        // Written under our name by an earlier renewal whose answer was lost.
        foreach (var ownership in known.Values.Where(ownership => ownership.Owner == work.Instance && !_owned.ContainsKey(ownership.Partition)).ToList())
        {
            _owned[ownership.Partition] = ownership;
            StartWorker(ownership.Partition);
        }

        RestartEnded();
    }

    // The endpoint gave the partition to another that the blobs say nothing of. Ours by the blobs, so it is taken back.
    private void RestartEnded()
    {
        foreach (var (partition, worker) in _workers.ToList())
        {
            if (worker.HasEnded)
                StartWorker(partition);
        }
    }

    private void StartWorker(string partition)
    {
        var previous = _leaving.Remove(partition, out var leaving) ? leaving : Task.CompletedTask;
        _workers[partition] = new PartitionWorker(work, partition, previous);
    }
}
