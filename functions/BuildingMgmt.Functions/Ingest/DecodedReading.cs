using System.Runtime.InteropServices;
using BuildingMgmt.Functions.LatestValues;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>One good reading of an event: 24 bytes, no reference, so that a hundred thousand of them cost the collector nothing.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DecodedReading
{
    /// <summary>Microseconds since 1970-01-01T00:00Z.</summary>
    public long TimeMicroseconds;

    /// <summary>A finite number.</summary>
    public double Value;

    /// <summary>Key of the point in the catalogue.</summary>
    public int PointId;

    /// <summary>Place of its event in the slice.</summary>
    public ushort EventIndex;

    /// <summary>As stored.</summary>
    public ReadingQuality Quality;
}
