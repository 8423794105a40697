using BuildingMgmt.Functions.Catalogue;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.LatestValues;

/// <summary>
/// Holds the table store against PostgreSQL: a part of the floors with each run of the timer, and all of them when this
/// process starts and whenever a write finds that something is gone. The timer is <see cref="RebuildLatestValues"/>.
/// </summary>
public sealed class LatestValueRepair(
    CatalogueCache catalogue,
    NewestReadings newestReadings,
    LatestValueWriter writer,
    IOptions<LatestValueOptions> options,
    TimeProvider time,
    ILogger<LatestValueRepair> logger)
    : BackgroundService
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    private int nextFloor;

    /// <summary>Repairs some floors, and goes on with the next ones when it is called again.</summary>
    /// <returns>How many points were behind or missing.</returns>
    public async Task<int> RepairSomeAsync(CancellationToken cancellationToken)
    {
        var floors = await FloorsAsync(cancellationToken);
        var (repaired, points) = (0, 0);
        for (var count = 0; count < floors.Count && points < options.Value.RepairPointsPerRunMax; count++)
        {
            var floor = floors[nextFloor % floors.Count];
            nextFloor = (nextFloor + 1) % floors.Count;
            points += floor.Sensors.Sum(sensor => sensor.Points.Count);
            repaired += await RepairAsync(floor, cancellationToken);
        }

        return repaired;
    }

    /// <summary>Repairs every floor.</summary>
    /// <returns>How many points were behind or missing.</returns>
    public async Task<int> RepairAllAsync(CancellationToken cancellationToken)
    {
        var repaired = 0;
        foreach (var floor in await FloorsAsync(cancellationToken))
            repaired += await RepairAsync(floor, cancellationToken);
        return repaired;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failed = false;
        do
        {
            while (true)
            {
                try
                {
                    await RepairAllAsync(stoppingToken);
                    failed = false;
                    break;
                }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
                {
                    // Said once for each outage. Whatever it is: what ends this loop ends the host, and so an instance that starts
                    // again while a later build, which is being rolled out, has changed the schema so that this one cannot read it.
                    if (!failed)
                        logger.LatestValuesRepairFailed(exception);
                    failed = true;
                    await Task.Delay(RetryInterval, time, stoppingToken);
                }
            }
        }
        while (await writer.Losses.WaitToReadAsync(stoppingToken) && writer.Losses.TryRead(out _));
    }

    private async Task<IReadOnlyList<CatalogueFloor>> FloorsAsync(CancellationToken cancellationToken) =>
        [.. (await catalogue.GetAsync(cancellationToken)).Floors];

    private async Task<int> RepairAsync(CatalogueFloor floor, CancellationToken cancellationToken)
    {
        var pointIds = floor.Sensors.SelectMany(sensor => sensor.Points, (_, point) => point.PointId).ToArray();
        var newest = await newestReadings.ReadAsync(pointIds, cancellationToken);
        var repaired = await writer.RepairAsync(floor.FloorId, newest, cancellationToken);
        if (repaired > 0)
            logger.LatestValuesRepaired(repaired, floor.FloorId);
        return repaired;
    }
}
