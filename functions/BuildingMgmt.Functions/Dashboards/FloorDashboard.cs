using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Encodings.Web;
using System.Text.Json;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.LatestValues;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.Dashboards;

/// <summary>
/// Floor dashboards from memory, above the table store: one read of it makes a snapshot, however many callers wait for it, and
/// serves until its time is up or this process stores something newer, which is then shown without another read.
/// </summary>
public sealed class FloorDashboard : IDisposable
{
    // "°C" stays two letters: the answer is JSON and never part of an HTML page.
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly LatestValueReader reader;
    private readonly HybridCache cache;
    private readonly DashboardMeter meter;
    private readonly HybridCacheEntryOptions entryOptions;
    private readonly TimeProvider time;
    private readonly double staleAfterIntervals;
    private readonly TimeSpan life;
    private readonly ConcurrentDictionary<Guid, KnownFloor> written = new();
    private readonly ConcurrentDictionary<Guid, CacheKey> keys = new();
    private readonly IDisposable subscription;

    /// <summary>Starts to listen for what this process stores.</summary>
    public FloorDashboard(
        LatestValueReader reader,
        LatestValueChanges changes,
        HybridCache cache,
        DashboardMeter meter,
        IOptions<DashboardsOptions> options,
        TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(changes);
        ArgumentNullException.ThrowIfNull(options);
        this.reader = reader;
        this.cache = cache;
        this.meter = meter;
        this.time = time;
        staleAfterIntervals = options.Value.StaleAfterIntervals;
        life = TimeSpan.FromSeconds(options.Value.CacheSeconds);
        entryOptions = new HybridCacheEntryOptions { Expiration = life, LocalCacheExpiration = life };
        subscription = changes.Subscribe(Take);
    }

    /// <summary>The floor's dashboard, at most the cache's time behind the table store.</summary>
    public async ValueTask<FloorSnapshot> GetAsync(CatalogueFloor floor, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(floor);
        var asked = time.GetTimestamp();
        var snapshot = await GetCurrentAsync(floor, cancellationToken);
        meter.Answered(isHit: snapshot.MadeAt < asked);
        return snapshot;
    }

    /// <inheritdoc/>
    public void Dispose() => subscription.Dispose();

    private async ValueTask<FloorSnapshot> GetCurrentAsync(CatalogueFloor floor, CancellationToken cancellationToken)
    {
        var key = keys.GetOrAdd(floor.FloorId, static floorId => new CacheKey(floorId, 0));
        var snapshot = await FromCacheAsync(key, floor, cancellationToken);
        if (IsCurrent(floor.FloorId, snapshot))
            return snapshot;
        // Whoever sees first that the time of what stands under a key is up goes on to the next key, and the others follow: to remove
        // the entry of a key that stays could hit the new one that another has just made. What stands under the next key was made
        // after this call began, so it is not looked at again.
        if (keys.TryUpdate(floor.FloorId, key.Next(), key))
            await cache.RemoveAsync(key.Text, cancellationToken);
        return await FromCacheAsync(keys[floor.FloorId], floor, cancellationToken);
    }

    // What this process has just written need not be read again: all users of a floor would wait for the store at each change.
    private void Take(Guid floorId, FloorLatestValues values) => written[floorId] = new KnownFloor(values, time.GetTimestamp());

    private ValueTask<FloorSnapshot> FromCacheAsync(CacheKey key, CatalogueFloor floor, CancellationToken cancellationToken) =>
        cache.GetOrCreateAsync(
            key.Text,
            (Dashboard: this, Floor: floor),
            static (state, token) => state.Dashboard.ReadAsync(state.Floor, token),
            entryOptions,
            cancellationToken: cancellationToken);

    private async ValueTask<FloorSnapshot> ReadAsync(CatalogueFloor floor, CancellationToken cancellationToken)
    {
        if (FindWritten(floor.FloorId) is { } known)
            return Show(floor, known);
        meter.StoreRead();
        var values = await reader.ReadFloorAsync(floor.FloorId, cancellationToken);
        // This process may have written while the store answered.
        return Show(floor, FindWritten(floor.FloorId) ?? new KnownFloor(values, time.GetTimestamp()));
    }

    private FloorSnapshot Show(CatalogueFloor floor, KnownFloor known) =>
        new(Render(floor, known.Values, time.GetUtcNow(), staleAfterIntervals))
        {
            Source = known,
            MadeAt = time.GetTimestamp(),
        };

    // The cache counts from when it took a snapshot in. What was written had an age then, and after a read that was under way the
    // cache may take in what has been overtaken.
    private bool IsCurrent(Guid floorId, FloorSnapshot snapshot) =>
        snapshot.Source is { } source && IsFresh(source) && (FindWritten(floorId) is not { } newest || newest == source);

    // For the cache's time only: another instance may have written since.
    private KnownFloor? FindWritten(Guid floorId)
    {
        if (!written.TryGetValue(floorId, out var floor))
            return null;
        if (IsFresh(floor))
            return floor;
        written.TryRemove(KeyValuePair.Create(floorId, floor));
        return null;
    }

    private bool IsFresh(KnownFloor floor) => time.GetElapsedTime(floor.At) < life;

    /// <summary>
    /// Writes the contract's JSON. Only active sensors are shown, by name; a metric that never had a value is left out, so a
    /// sensor without any has empty metrics. <c>as_of</c> is the newest timestamp shown, null when there is none: it tells the age
    /// of the content, not of the answer, and so it changes only with the content.
    /// </summary>
    internal static byte[] Render(CatalogueFloor floor, FloorLatestValues values, DateTimeOffset now, double staleAfterIntervals)
    {
        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        using var writer = new Utf8JsonWriter(buffer, WriterOptions);
        writer.WriteStartObject();
        writer.WriteString("floor_id"u8, floor.FloorId);
        if (NewestShown(floor, values) is { } asOf)
            writer.WriteString("as_of"u8, asOf.UtcDateTime);
        else
            writer.WriteNull("as_of"u8);
        writer.WriteStartArray("sensors"u8);
        foreach (var sensor in floor.Sensors)
        {
            if (sensor.Status == SensorStatus.Active)
                WriteSensor(writer, sensor, values, now, staleAfterIntervals);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static DateTimeOffset? NewestShown(CatalogueFloor floor, FloorLatestValues values)
    {
        DateTimeOffset? newest = null;
        foreach (var sensor in floor.Sensors)
        {
            foreach (var point in sensor.Points)
            {
                if (sensor.Status == SensorStatus.Active && values.TryGet(point.PointId, out var value)
                    && (newest is null || value.Timestamp > newest))
                {
                    newest = value.Timestamp;
                }
            }
        }

        return newest;
    }

    private static void WriteSensor(
        Utf8JsonWriter writer, CatalogueSensor sensor, FloorLatestValues values, DateTimeOffset now, double staleAfterIntervals)
    {
        writer.WriteStartObject();
        writer.WriteString("sensor_id"u8, sensor.SensorId);
        writer.WriteString("name"u8, sensor.Name);
        writer.WriteString("type"u8, sensor.Type);
        writer.WriteString("zone"u8, sensor.Zone?.Name);
        writer.WriteStartObject("metrics"u8);
        foreach (var point in sensor.Points)
        {
            if (!values.TryGet(point.PointId, out var value))
                continue;
            writer.WriteStartObject(point.MetricUtf8);
            writer.WriteNumber("value"u8, value.Value);
            writer.WriteString("unit"u8, point.Unit);
            writer.WriteString("timestamp"u8, value.Timestamp.UtcDateTime);
            writer.WriteString("quality"u8, QualityName(value.Quality));
            writer.WriteBoolean("stale"u8, now - value.Timestamp > TimeSpan.FromSeconds(point.IntervalSeconds * staleAfterIntervals));
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static ReadOnlySpan<byte> QualityName(ReadingQuality quality) => quality switch
    {
        ReadingQuality.Good => "good"u8,
        ReadingQuality.Uncertain => "uncertain"u8,
        ReadingQuality.Bad => "bad"u8,
        _ => "suspect"u8,
    };

    /// <summary>Where a floor's snapshot stands in the cache, until it is overtaken. Each is itself only.</summary>
    private sealed class CacheKey(Guid floorId, long number)
    {
        public string Text { get; } = $"dashboard/floor/{floorId}/{number}";

        public CacheKey Next() => new(floorId, number + 1);
    }
}

/// <summary>A floor's latest values as this process knows them, from a write or a read. Each is itself only, whatever it holds.</summary>
internal sealed class KnownFloor(FloorLatestValues values, long at)
{
    public FloorLatestValues Values { get; } = values;

    /// <summary>Timestamp of the clock when it was written or read.</summary>
    public long At { get; } = at;
}
