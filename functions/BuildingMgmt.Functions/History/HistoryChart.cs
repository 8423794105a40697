namespace BuildingMgmt.Functions.History;

/// <summary>What an answer shows, which can be made smaller.</summary>
internal interface IHistoryContent
{
    /// <summary>What was asked.</summary>
    HistoryQuery Query { get; }

    /// <summary>The same with about this share of its samples; null when it cannot be less.</summary>
    IHistoryContent? Lowered(double share);
}

/// <summary>Series of a floor.</summary>
/// <param name="PointsMax">Samples that each series has at most.</param>
internal sealed record HistoryChart(HistoryQuery Query, IReadOnlyList<HistorySeries> Series, int PointsMax) : IHistoryContent
{
    /// <summary>Fewer samples of a series are no series.</summary>
    public const int PointsMin = 2;

    /// <summary>Whether series have fewer samples than asked for, so that the answer is not too large.</summary>
    public bool IsLowered => PointsMax < Query.PointsMax;

    /// <inheritdoc/>
    public IHistoryContent? Lowered(double share)
    {
        var longest = Series.Max(series => series.Samples.Count);
        if (longest <= PointsMin)
            return null;
        var pointsMax = Math.Clamp((int)(longest * share), PointsMin, longest - 1);
        return this with { PointsMax = pointsMax, Series = [.. Series.Select(series => series.Reduced(pointsMax))] };
    }
}

/// <summary>A page of readings, by point and time.</summary>
/// <param name="Read">Its rows, and one more when another page follows.</param>
internal sealed record HistoryRows(HistoryQuery Query, HistoryPage Page, IReadOnlyList<HistoryRow> Read) : IHistoryContent
{
    /// <summary>How many rows are shown.</summary>
    public int Count { get; private init; } = Math.Min(Page.RowsMax, Read.Count);

    /// <summary>The rows that are shown.</summary>
    public IEnumerable<HistoryRow> Rows => Read.Take(Count);

    /// <summary>Where the next page begins; null on the last.</summary>
    public string? NextCursor => Count < Read.Count
        ? new HistoryCursor(Query.Range.From, Query.Range.To, Read[Count - 1].Point.PointId, Read[Count - 1].Sample.At).ToText(Page.Query)
        : null;

    /// <inheritdoc/>
    public IHistoryContent? Lowered(double share) => Count <= 1 ? null : this with { Count = Math.Clamp((int)(Count * share), 1, Count - 1) };
}
