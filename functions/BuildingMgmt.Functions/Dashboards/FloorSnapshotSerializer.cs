using System.Buffers;
using Microsoft.Extensions.Caching.Hybrid;

namespace BuildingMgmt.Functions.Dashboards;

/// <summary>
/// A snapshot as its bytes. The cache hands out the object itself, but writes each new one once to learn its size; without this
/// it would be written as JSON within JSON.
/// </summary>
internal sealed class FloorSnapshotSerializer : IHybridCacheSerializer<FloorSnapshot>
{
    public FloorSnapshot Deserialize(ReadOnlySequence<byte> source) => new(source.ToArray());

    public void Serialize(FloorSnapshot value, IBufferWriter<byte> target) => target.Write(value.Json.Span);
}
