using System.Diagnostics.CodeAnalysis;

namespace BuildingMgmt.Functions.Catalogue;

/// <summary>
/// The whole catalogue at one version. It never changes: what was looked up stays right for as long as it is held. The next one
/// shares with it what is the same.
/// </summary>
public sealed class CatalogueSnapshot
{
    private readonly CatalogueStructure structure;
    private readonly SensorMap sensors;
    private readonly PointMap points;

    internal CatalogueSnapshot(CatalogueStamp stamp, CatalogueStructure structure, SensorMap sensors, PointMap points)
    {
        Stamp = stamp;
        this.structure = structure;
        this.sensors = sensors;
        this.points = points;
    }

    internal static CatalogueSnapshot Empty { get; } = new(default, CatalogueStructure.Empty, SensorMap.Empty, PointMap.Empty);

    /// <summary>The version of the catalogue in PostgreSQL that this was read at.</summary>
    public long Version => Stamp.Version;

    /// <summary>All buildings, by name.</summary>
    public IReadOnlyList<CatalogueBuilding> Buildings => structure.Buildings;

    /// <summary>All floors.</summary>
    public IEnumerable<CatalogueFloor> Floors => structure.Floors.OfType<CatalogueFloor>();

    /// <summary>How many points there are.</summary>
    public int PointCount => points.Count;

    internal CatalogueStamp Stamp { get; }

    internal CatalogueStructure Structure => structure;

    internal SensorMap Sensors => sensors;

    internal PointMap Points => points;

    /// <summary>The floor that a sensor of this snapshot is on.</summary>
    public CatalogueFloor FloorOf(CatalogueSensor sensor) => structure.Floors[sensor.FloorIndex]!;

    /// <summary>Finds the sensor that a point belongs to.</summary>
    public bool TryGetSensorOfPoint(int pointId, [NotNullWhen(true)] out CatalogueSensor? sensor) => (sensor = points.Find(pointId)) is not null;

    /// <summary>Finds a floor.</summary>
    public bool TryGetFloor(Guid floorId, [NotNullWhen(true)] out CatalogueFloor? floor)
    {
        floor = structure.FloorIndexes.TryGetValue(floorId, out var index) ? structure.Floors[index] : null;
        return floor is not null;
    }

    /// <summary>Finds a sensor.</summary>
    public bool TryGetSensor(Guid sensorId, [NotNullWhen(true)] out CatalogueSensor? sensor) => (sensor = sensors.Find(sensorId)) is not null;

    /// <summary>Finds who sends under this id, UTF-8, without garbage; null when nobody does.</summary>
    public CatalogueSender? FindSender(ReadOnlySpan<byte> idUtf8) => structure.Senders.Find(idUtf8);

    /// <summary>The catalogue after some sensors have changed.</summary>
    /// <param name="next">Of this snapshot, or made from it.</param>
    /// <param name="changed">Ids of sensors that came, went, or are others.</param>
    /// <param name="there">Those of them that are there now.</param>
    /// <param name="orders">The sensors, in their order, of the floors that those are on.</param>
    /// <returns>Null when the order names a sensor that nobody has.</returns>
    internal CatalogueSnapshot? With(
        CatalogueStamp stamp, CatalogueStructure next, HashSet<Guid> changed, List<CatalogueSensor> there, ILookup<Guid, Guid> orders)
    {
        var gone = changed.Select(sensors.Find).OfType<CatalogueSensor>().ToList();
        var sensorsNow = sensors.With(changed, there);
        var floors = next.Floors.ToArray();
        foreach (var index in gone.Concat(there).Select(sensor => sensor.FloorIndex).Distinct())
        {
            if (floors[index] is not { } floor)
                continue;
            var onFloor = orders.Contains(floor.FloorId)
                ? orders[floor.FloorId].Select(sensorsNow.Find).ToArray()
                : [.. floor.Sensors.Where(sensor => !changed.Contains(sensor.SensorId))];
            if (onFloor.Contains(null))
                return null;
            floors[index] = floor with { Sensors = onFloor! };
        }

        return new CatalogueSnapshot(stamp, next with { Floors = floors }, sensorsNow, points.With(gone, there));
    }
}

/// <summary>What tells a version of the catalogue from any other, also from one of the same number before a restore.</summary>
internal readonly record struct CatalogueStamp(long Version, Guid Id);

/// <summary>What is few enough to be read as a whole: buildings by name, floors, and who may send.</summary>
/// <param name="Floors">A floor's place stays the same from a snapshot to the next; null where one was that is gone.</param>
/// <param name="FloorIndexes">The place of each floor.</param>
internal sealed record CatalogueStructure(
    IReadOnlyList<CatalogueBuilding> Buildings,
    CatalogueFloor?[] Floors,
    IReadOnlyDictionary<Guid, int> FloorIndexes,
    CatalogueSenders Senders)
{
    public static CatalogueStructure Empty { get; } = new([], [], new Dictionary<Guid, int>(), new CatalogueSenders([]));
}
