using Azure;
using BuildingMgmt.Functions.Catalogue;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.LatestValues;

/// <summary>Reads a floor's latest values for those who show them.</summary>
public sealed class LatestValueReader(
    LatestValueTable table, NewestReadings newestReadings, CatalogueCache catalogue, ILogger<LatestValueReader> logger)
{
    /// <summary>
    /// Reads a floor by one look-up in the table store. When the floor is missing there, or the table store is away, the
    /// values come from PostgreSQL, which has all of them and takes longer.
    /// </summary>
    /// <returns>Values of the points that have any; empty for a floor that is not in the catalogue.</returns>
    /// <exception cref="Npgsql.NpgsqlException">Neither store answers.</exception>
    public async Task<FloorLatestValues> ReadFloorAsync(Guid floorId, CancellationToken cancellationToken)
    {
        try
        {
            if (await table.ReadAsync(floorId, cancellationToken) is { Values: { } values })
                return values;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && exception is RequestFailedException or AggregateException or OperationCanceledException)
        {
            logger.LatestValuesUnreadable(floorId, exception);
        }

        return await RebuildFloorAsync(floorId, cancellationToken);
    }

    private async Task<FloorLatestValues> RebuildFloorAsync(Guid floorId, CancellationToken cancellationToken)
    {
        var snapshot = await catalogue.GetAsync(cancellationToken);
        if (!snapshot.TryGetFloor(floorId, out var floor))
            return FloorLatestValues.Empty;
        var pointIds = floor.Sensors.SelectMany(sensor => sensor.Points, (_, point) => point.PointId).ToArray();
        var newest = await newestReadings.ReadForRequestAsync(pointIds, cancellationToken);
        return FloorLatestValues.Pack(newest.Count <= FloorLatestValues.PointsMax
            ? [.. newest]
            : [.. newest.Take(FloorLatestValues.PointsMax)]);
    }
}
