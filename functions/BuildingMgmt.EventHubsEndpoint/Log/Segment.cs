using System.Globalization;

namespace BuildingMgmt.EventHubsEndpoint.Log;

/// <summary>
/// One file of a partition's log. Where it begins stands in its name, so that making it is one atomic step, and so that
/// sequence numbers and times go on even after retention has removed every event.
/// </summary>
internal sealed class Segment
{
    private const string Extension = ".log";

    // Not a nullable: readers on other threads must never see half of it.
    private long _sealedBytes = -1;

    private Segment(string folder, long baseSequenceNumber, long baseOffset, long baseTimeMs)
    {
        BaseSequenceNumber = baseSequenceNumber;
        BaseOffset = baseOffset;
        BaseTimeMs = baseTimeMs;
        Path = System.IO.Path.Combine(folder, string.Create(
            CultureInfo.InvariantCulture, $"{baseSequenceNumber:D19}-{baseOffset:D19}-{baseTimeMs:D13}{Extension}"));
    }

    /// <summary>Sequence number of its first event.</summary>
    public long BaseSequenceNumber { get; }

    /// <summary>Offset of its first event: bytes of all events that were ever before it in the partition.</summary>
    public long BaseOffset { get; }

    /// <summary>Enqueued time, Unix milliseconds, of the event before it: none of its own is earlier.</summary>
    public long BaseTimeMs { get; }

    public string Path { get; }

    public string IndexPath => System.IO.Path.ChangeExtension(Path, ".index");

    /// <summary>Bytes of a segment that is written no more; null for the one that is.</summary>
    public long? SealedBytes => Volatile.Read(ref _sealedBytes) is var bytes and >= 0 ? bytes : null;

    public static Segment Create(string folder, long baseSequenceNumber, long baseOffset, long baseTimeMs) =>
        new(folder, baseSequenceNumber, baseOffset, baseTimeMs);

    /// <summary>The segments in a folder, oldest first; all but the last are sealed.</summary>
    /// <exception cref="InvalidDataException">A file's name is not one of ours.</exception>
    public static Segment[] List(string folder)
    {
        var segments = Directory.EnumerateFiles(folder, "*" + Extension).Select(path => Parse(folder, path))
            .OrderBy(segment => segment.BaseSequenceNumber).ThenBy(segment => segment.BaseOffset).ToArray();
        for (var i = 0; i + 1 < segments.Length; i++)
            segments[i].Seal(segments[i + 1].BaseOffset - segments[i].BaseOffset);
        return segments;
    }

    public void Seal(long bytes) => Volatile.Write(ref _sealedBytes, bytes);

    private static Segment Parse(string folder, string path)
    {
        var parts = System.IO.Path.GetFileNameWithoutExtension(path).Split('-');
        if (parts.Length != 3
            || !long.TryParse(parts[0], CultureInfo.InvariantCulture, out var sequenceNumber)
            || !long.TryParse(parts[1], CultureInfo.InvariantCulture, out var offset)
            || !long.TryParse(parts[2], CultureInfo.InvariantCulture, out var timeMs))
        {
            throw new InvalidDataException($"\"{path}\" is no segment of an event log: move it out of the data folder.");
        }
        return new Segment(folder, sequenceNumber, offset, timeMs);
    }
}
