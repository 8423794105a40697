using System.Collections.Concurrent;
using System.Threading.Channels;
using BuildingMgmt.Functions.Catalogue;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.LatestValues;

/// <summary>Writes latest values to the table store, each floor by its own writer.</summary>
public sealed class LatestValueWriter(
    LatestValueTable table, NewestReadings newestReadings, LatestValueChanges changes, ILogger<LatestValueWriter> logger)
{
    private readonly ConcurrentDictionary<Guid, FloorLatestValueWriter> floors = new();

    // One signal is enough, however many floors are missed.
    private readonly Channel<bool> losses =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Tells that the table store has lost something that this process wrote.</summary>
    internal ChannelReader<bool> Losses => losses.Reader;

    /// <summary>Writes values that PostgreSQL has committed, in any order and of any floors. Older ones than the table store has are left out.</summary>
    /// <exception cref="Azure.RequestFailedException">The table store is away. Call again with the same or newer values.</exception>
    public async Task WriteAsync(IReadOnlyList<LatestValue> values, CatalogueSnapshot catalogue, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(catalogue);
        var byFloor = new Dictionary<CatalogueFloor, List<LatestValue>>();
        foreach (var value in values)
        {
            if (!catalogue.TryGetSensorOfPoint(value.PointId, out var sensor))
                continue;
            var floor = catalogue.FloorOf(sensor);
            if (!byFloor.TryGetValue(floor, out var list))
                byFloor.Add(floor, list = []);
            list.Add(value);
        }

        await Task.WhenAll(byFloor.Select(pair => Floor(pair.Key.FloorId).WriteAsync(pair.Value, compare: false)))
            .WaitAsync(cancellationToken);
    }

    /// <summary>Compares a floor with what PostgreSQL says, and writes what it lacks.</summary>
    /// <param name="newest">The floor's points' newest readings.</param>
    /// <returns>How many points were behind or missing.</returns>
    internal Task<int> RepairAsync(Guid floorId, IReadOnlyList<LatestValue> newest, CancellationToken cancellationToken) =>
        Floor(floorId).WriteAsync(newest, compare: true).WaitAsync(cancellationToken);

    private FloorLatestValueWriter Floor(Guid floorId) => floors.GetOrAdd(
        floorId, id => new FloorLatestValueWriter(id, table, newestReadings, changes, () => ReportLoss(id), logger));

    private void ReportLoss(Guid floorId)
    {
        logger.LatestValuesLost(floorId);
        losses.Writer.TryWrite(true);
    }
}
