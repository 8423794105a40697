using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.LatestValues;

namespace BuildingMgmt.Functions.History;

/// <summary>One point's samples, and what is known of all that they were taken from.</summary>
internal sealed record HistorySeries(CataloguePoint Point, IReadOnlyList<HistorySample> Samples)
{
    /// <summary>How many readings or buckets there are in the range.</summary>
    public int Available { get; private init; }

    /// <summary>Readings that count: good and uncertain.</summary>
    public long Count { get; private init; }

    /// <summary>Share of the readings expected in the range, as far as it has passed; null when none of it has.</summary>
    public double? Coverage { get; private init; }

    /// <summary>Of all readings in the range; null without any.</summary>
    public ReadingQuality? WorstQuality { get; private init; }

    /// <summary>Whether samples were left out.</summary>
    public bool IsReduced { get; private init; }

    /// <summary>Takes a point's samples in the order of time, which the caller reuses, and keeps no more than a number of them.</summary>
    /// <param name="rangeSeconds">Seconds of the range that have passed.</param>
    public static HistorySeries Of(
        CataloguePoint point, List<HistorySample> samples, HistoryResolution resolution, double rangeSeconds, int samplesMax)
    {
        var available = 0;
        var count = 0L;
        var covered = 0.0;
        ReadingQuality? worst = null;
        foreach (var sample in samples)
        {
            available += sample.IsGap ? 0 : 1;
            count += sample.Count;
            covered += resolution == HistoryResolution.Raw ? (double)sample.Count * point.IntervalSeconds : sample.Coverage * sample.LengthSeconds;
            worst = Worse(worst, sample.Quality);
        }

        return new HistorySeries(point, SeriesReduction.Reduce(samples, samplesMax))
        {
            Available = available,
            Count = count,
            Coverage = rangeSeconds > 0 ? Math.Min(1, covered / rangeSeconds) : null,
            WorstQuality = worst,
            IsReduced = samples.Count > samplesMax,
        };
    }

    /// <summary>The same with no more than a number of samples.</summary>
    public HistorySeries Reduced(int samplesMax) =>
        Samples.Count <= samplesMax ? this : this with { Samples = SeriesReduction.Reduce([.. Samples], samplesMax), IsReduced = true };

    private static ReadingQuality? Worse(ReadingQuality? left, ReadingQuality? right) => Rank(left) >= Rank(right) ? left : right;

    // The order is good, uncertain, suspect, bad; see reading_hourly.worst_quality.
    private static int Rank(ReadingQuality? quality) => quality switch
    {
        null => -1,
        ReadingQuality.Good => 0,
        ReadingQuality.Uncertain => 1,
        ReadingQuality.Suspect => 2,
        _ => 3,
    };
}
