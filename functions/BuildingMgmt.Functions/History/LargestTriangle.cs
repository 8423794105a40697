namespace BuildingMgmt.Functions.History;

/// <summary>
/// Largest-Triangle-Three-Buckets (S. Steinarsson, "Downsampling Time Series for Visual Representation", University of Iceland 2013,
/// section 4.2): the first and the last sample, and of each bucket between them the one that spans the largest triangle with the sample
/// chosen before and the average of the next bucket.
/// </summary>
internal static class LargestTriangle
{
    /// <summary>Adds <paramref name="count"/> of the samples, which all have values, to the chosen ones.</summary>
    public static void Choose(ReadOnlySpan<HistorySample> samples, int count, List<HistorySample> chosen)
    {
        if (count >= samples.Length)
        {
            chosen.AddRange(samples);
            return;
        }

        chosen.Add(samples[0]);
        if (count > 2)
            ChooseBetween(samples, count - 2, chosen);
        if (count > 1)
            chosen.Add(samples[^1]);
    }

    private static void ChooseBetween(ReadOnlySpan<HistorySample> samples, int buckets, List<HistorySample> chosen)
    {
        var between = samples.Length - 2;
        var before = samples[0];
        for (var bucket = 0; bucket < buckets; bucket++)
        {
            var (start, end) = (Start(bucket), Start(bucket + 1));
            // Behind the last bucket stands the last sample alone.
            var after = Average(bucket + 1 < buckets ? samples[end..Start(bucket + 2)] : samples[^1..], before.At);
            before = Largest(samples[start..end], before, after);
            chosen.Add(before);
        }

        // The samples between the first and the last, in parts whose sizes differ by one at most.
        int Start(int bucket) => 1 + (int)((long)between * bucket / buckets);
    }

    private static (double X, double Y) Average(ReadOnlySpan<HistorySample> samples, DateTime origin)
    {
        var (x, y) = (0.0, 0.0);
        foreach (var sample in samples)
        {
            x += (sample.At - origin).TotalSeconds / samples.Length;
            y += sample.Value / samples.Length;
        }

        return (x, y);
    }

    private static HistorySample Largest(ReadOnlySpan<HistorySample> samples, HistorySample before, (double X, double Y) after)
    {
        var (largest, largestArea) = (samples[0], -1.0);
        foreach (var sample in samples)
        {
            // Twice the triangle's area, with the sample before as origin.
            var area = Math.Abs((sample.At - before.At).TotalSeconds * (after.Y - before.Value) - after.X * (sample.Value - before.Value));
            if (area > largestArea)
                (largest, largestArea) = (sample, area);
        }

        return largest;
    }
}
