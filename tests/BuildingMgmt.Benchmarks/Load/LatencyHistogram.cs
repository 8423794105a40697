namespace BuildingMgmt.Benchmarks.Load;

/// <summary>Latencies from 1 µs to 17 s in buckets of at most 1.6 % width; merging and percentiles need no sorting.</summary>
internal sealed class LatencyHistogram
{
    private const int SubBucketBits = 6;
    private const int SubBuckets = 1 << SubBucketBits;
    private readonly long[] counts = new long[20 * SubBuckets];

    public long Count { get; private set; }

    public void Add(TimeSpan latency)
    {
        counts[IndexOf(Math.Max(1, (long)latency.TotalMicroseconds))]++;
        Count++;
    }

    public void Merge(LatencyHistogram other)
    {
        for (var i = 0; i < counts.Length; i++)
            counts[i] += other.counts[i];
        Count += other.Count;
    }

    /// <summary>The latency, in milliseconds, that the given share (0 to 1) of all samples does not exceed.</summary>
    public double PercentileMs(double share)
    {
        var wanted = (long)Math.Ceiling(Count * share);
        long seen = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            seen += counts[i];
            if (seen >= wanted && seen > 0)
                return UpperBoundOf(i) / 1000.0;
        }

        return 0;
    }

    private static int IndexOf(long microseconds)
    {
        if (microseconds < SubBuckets)
            return (int)microseconds;
        var exponent = 63 - System.Numerics.BitOperations.LeadingZeroCount((ulong)microseconds) - SubBucketBits;
        var index = ((exponent + 1) << SubBucketBits) + (int)((microseconds >> exponent) - SubBuckets);
        return Math.Min(index, 20 * SubBuckets - 1);
    }

    private static double UpperBoundOf(int index)
    {
        if (index < SubBuckets)
            return index;
        var exponent = (index >> SubBucketBits) - 1;
        var sub = index & (SubBuckets - 1);
        return (double)((long)(SubBuckets + sub + 1) << exponent);
    }
}
