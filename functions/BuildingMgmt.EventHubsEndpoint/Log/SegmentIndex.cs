using System.Runtime.InteropServices;

namespace BuildingMgmt.EventHubsEndpoint.Log;

/// <summary>Every 64 KiB of a segment: which event begins where. A reader jumps to the entry before its event and walks on.</summary>
internal sealed class SegmentIndex
{
    public const int BytesBetweenEntries = 64 * 1024;

    private readonly Lock _lock = new();
    private readonly List<Entry> _entries = [];

    /// <param name="Position">Of the record in its file, bytes.</param>
    [StructLayout(LayoutKind.Sequential)]
    public readonly record struct Entry(long SequenceNumber, long EnqueuedTimeMs, long Position);

    /// <summary>Notes a record, if it is far enough behind the last one that was noted.</summary>
    public void Add(long sequenceNumber, long enqueuedTimeMs, long position)
    {
        lock (_lock)
        {
            if (_entries.Count == 0 || position - _entries[^1].Position >= BytesBetweenEntries)
                _entries.Add(new Entry(sequenceNumber, enqueuedTimeMs, position));
        }
    }

    /// <summary>Forgets records at and behind a position, after they were cut off.</summary>
    public void TruncateAt(long position)
    {
        lock (_lock)
            _entries.RemoveAll(entry => entry.Position >= position);
    }

    /// <summary>Position of the last noted record for which <paramref name="isBefore"/> holds; zero, the first record, if none.</summary>
    public long FindStart(Func<Entry, bool> isBefore)
    {
        lock (_lock)
        {
            var (low, high) = (0, _entries.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (isBefore(_entries[middle]))
                    low = middle + 1;
                else
                    high = middle;
            }
            return low == 0 ? 0 : _entries[low - 1].Position;
        }
    }

    /// <summary>Writes the index of a sealed segment beside it. It is only a short cut: a lost one is made again by reading.</summary>
    /// <returns>Why it could not be written, or null.</returns>
    public IOException? Save(Segment segment)
    {
        lock (_lock)
        {
            var entries = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_entries));
            var bytes = new byte[entries.Length + sizeof(uint)];
            entries.CopyTo(bytes);
            BitConverter.TryWriteBytes(bytes.AsSpan(entries.Length), Crc32C.Compute(entries));
            try
            {
                File.WriteAllBytes(segment.IndexPath, bytes);
                return null;
            }
            catch (IOException failure)
            {
                // A full disk: the torn file fails its check when it is loaded.
                return failure;
            }
        }
    }

    /// <summary>The index of a sealed segment, from its file or by reading the segment.</summary>
    public static SegmentIndex Load(Segment segment)
    {
        var index = new SegmentIndex();
        if (File.Exists(segment.IndexPath))
        {
            var bytes = File.ReadAllBytes(segment.IndexPath);
            var entries = bytes.AsSpan(0, Math.Max(0, bytes.Length - sizeof(uint)));
            if (bytes.Length >= sizeof(uint) && Crc32C.Compute(entries) == BitConverter.ToUInt32(bytes, entries.Length))
            {
                index._entries.AddRange(MemoryMarshal.Cast<byte, Entry>(entries));
                return index;
            }
        }
        SegmentScan.Run(segment, index);
        return index;
    }
}
