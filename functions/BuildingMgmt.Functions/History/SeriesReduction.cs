using System.Runtime.InteropServices;

namespace BuildingMgmt.Functions.History;

/// <summary>
/// Reduces a series to a number of samples without drawing over its gaps: each run of values is reduced for itself, and between two
/// runs stands one sample without a value.
/// </summary>
internal static class SeriesReduction
{
    /// <summary>At most <paramref name="samplesMax"/> of the samples, in their order. When there are more gaps than that allows, the longest are kept.</summary>
    public static List<HistorySample> Reduce(List<HistorySample> samples, int samplesMax)
    {
        if (samples.Count <= samplesMax)
            return [.. samples];
        var runs = Runs(samples);
        // A run is one sample at least, and so is the break before it.
        var runsMax = Math.Max(1, (samplesMax + 1) / 2);
        if (runs.Count > runsMax)
            samples = WithoutShortBreaks(samples, runs, runsMax);
        runs = Runs(samples);
        return runs.Count == 0 ? samples[..1] : Choose(samples, runs, samplesMax);
    }

    private static List<HistorySample> Choose(List<HistorySample> samples, List<(int Start, int End)> runs, int samplesMax)
    {
        var values = runs.Sum(run => run.End - run.Start);
        // What may be given beyond one sample for each run, in proportion to what the run has beyond one.
        var spare = Math.Min(samplesMax - runs.Count - (runs.Count - 1), values - runs.Count);
        var chosen = new List<HistorySample>(samplesMax);
        var seen = 0L;
        foreach (var (start, end) in runs)
        {
            if (chosen.Count > 0)
                chosen.Add(samples[start - 1]);
            var extra = end - start - 1;
            var share = values == runs.Count ? 0 : Spread(seen + extra) - Spread(seen);
            seen += extra;
            LargestTriangle.Choose(CollectionsMarshal.AsSpan(samples)[start..end], (int)(1 + share), chosen);
        }

        return chosen;

        long Spread(long extras) => extras * spare / (values - runs.Count);
    }

    private static List<(int Start, int End)> Runs(List<HistorySample> samples)
    {
        List<(int, int)> runs = [];
        var start = -1;
        for (var index = 0; index <= samples.Count; index++)
        {
            var hasValue = index < samples.Count && samples[index].HasValue;
            if (hasValue && start < 0)
                start = index;
            if (!hasValue && start >= 0)
            {
                runs.Add((start, index));
                start = -1;
            }
        }

        return runs;
    }

    private static List<HistorySample> WithoutShortBreaks(List<HistorySample> samples, List<(int Start, int End)> runs, int runsMax)
    {
        var kept = Enumerable.Range(1, runs.Count - 1)
            .OrderByDescending(run => samples[runs[run].Start].At - samples[runs[run - 1].End - 1].At)
            .Take(runsMax - 1)
            .ToHashSet();
        var joined = new List<HistorySample>(samples.Count);
        for (var run = 0; run < runs.Count; run++)
        {
            if (kept.Contains(run))
                joined.Add(samples[runs[run].Start - 1]);
            joined.AddRange(samples[runs[run].Start..runs[run].End]);
        }

        return joined;
    }
}
