namespace BuildingMgmt.Functions.Catalogue;

/// <summary>Sensors by id, in shards: the next map shares all shards but those with a change, so that it costs a few of a thousand.</summary>
internal sealed class SensorMap
{
    private const int ShardCount = 1_024;

    private readonly Dictionary<Guid, CatalogueSensor>?[] shards;

    private SensorMap(Dictionary<Guid, CatalogueSensor>?[] shards) => this.shards = shards;

    public static SensorMap Empty { get; } = new(new Dictionary<Guid, CatalogueSensor>?[ShardCount]);

    public int Count => shards.Sum(shard => shard?.Count ?? 0);

    public CatalogueSensor? Find(Guid sensorId) => shards[Shard(sensorId)]?.GetValueOrDefault(sensorId);

    /// <summary>A map without some sensors, and then with others.</summary>
    public SensorMap With(IEnumerable<Guid> removed, IEnumerable<CatalogueSensor> added)
    {
        var next = shards.ToArray();
        var own = new HashSet<int>();
        foreach (var sensorId in removed)
            Own(Shard(sensorId)).Remove(sensorId);
        foreach (var sensor in added)
            Own(Shard(sensor.SensorId))[sensor.SensorId] = sensor;
        foreach (var index in own)
            next[index]!.TrimExcess();
        return new SensorMap(next);

        Dictionary<Guid, CatalogueSensor> Own(int index)
        {
            if (own.Add(index))
                next[index] = next[index] is { } shared ? new Dictionary<Guid, CatalogueSensor>(shared) : [];
            return next[index]!;
        }
    }

    private static int Shard(Guid sensorId)
    {
        var hash = (uint)sensorId.GetHashCode();
        return (int)((hash ^ (hash >> 16)) % ShardCount);
    }
}

/// <summary>The sensor of each point, in pages by id: 8 bytes a point where ids are dense. The next map shares the pages without a change.</summary>
internal sealed class PointMap
{
    private const int PageSize = 1_024;

    private readonly CatalogueSensor?[]?[] pages;

    private PointMap(CatalogueSensor?[]?[] pages, int count)
    {
        this.pages = pages;
        Count = count;
    }

    public static PointMap Empty { get; } = new([], 0);

    /// <summary>How many points there are.</summary>
    public int Count { get; }

    public CatalogueSensor? Find(int pointId)
    {
        var page = (uint)pointId / PageSize;
        return page < pages.Length ? pages[page]?[pointId % PageSize] : null;
    }

    /// <summary>A map without the points of some sensors, and then with those of others.</summary>
    public PointMap With(IEnumerable<CatalogueSensor> removed, IReadOnlyCollection<CatalogueSensor> added)
    {
        var idMax = added.SelectMany(sensor => sensor.Points).Select(point => point.PointId).DefaultIfEmpty(-1).Max();
        var next = new CatalogueSensor?[]?[Math.Max(pages.Length, (idMax / PageSize) + 1)];
        pages.CopyTo(next, 0);
        var own = new HashSet<int>();
        var count = Count;
        foreach (var sensor in removed)
        {
            foreach (var point in sensor.Points)
                Own(point.PointId / PageSize)[point.PointId % PageSize] = null;
            count -= sensor.Points.Count;
        }

        foreach (var sensor in added)
        {
            foreach (var point in sensor.Points)
                Own(point.PointId / PageSize)[point.PointId % PageSize] = sensor;
            count += sensor.Points.Count;
        }

        return new PointMap(next, count);

        CatalogueSensor?[] Own(int page)
        {
            if (own.Add(page))
                next[page] = next[page] is { } shared ? [.. shared] : new CatalogueSensor?[PageSize];
            return next[page]!;
        }
    }
}
