using BuildingMgmt.Functions.Catalogue;

namespace BuildingMgmt.Functions.History;

/// <summary>What is asked of a floor's history, checked.</summary>
/// <param name="Floor">The floor, which the caller may see.</param>
/// <param name="Points">The points asked for, by id.</param>
/// <param name="Range">The time asked for.</param>
/// <param name="Resolution">What the answer is made of.</param>
internal sealed record HistoryQuery(
    CatalogueFloor Floor, IReadOnlyList<CataloguePoint> Points, HistoryRange Range, HistoryResolution Resolution)
{
    /// <summary>Samples of a series, at most.</summary>
    public required int PointsMax { get; init; }

    /// <summary>Whether sensors were named, which are shown then also when they have nothing.</summary>
    public required bool NamesSensors { get; init; }

    /// <summary>The page asked for; null for the series as a whole.</summary>
    public HistoryPage? Page { get; init; }
}

/// <summary>A page of stored readings.</summary>
/// <param name="RowsMax">Rows, at most.</param>
/// <param name="After">The last row of the page before; null on the first page.</param>
/// <param name="Query">The query's parameters, to which cursors are tied.</param>
internal sealed record HistoryPage(int RowsMax, HistoryCursor? After, string Query);

/// <summary>A half-open span of time, UTC, by a building's clock.</summary>
internal sealed record HistoryRange(DateTime From, DateTime To, BuildingClock Clock)
{
    /// <summary>The building's day of its first moment.</summary>
    public DateOnly FirstDay => Clock.DayOf(From);

    /// <summary>The building's day of its last moment.</summary>
    public DateOnly LastDay => Clock.DayOf(To.AddTicks(-TimeSpan.TicksPerMicrosecond));

    /// <summary>Seconds of it that have passed.</summary>
    public double PassedSeconds(DateTime now) => Math.Max(0, ((now < To ? now : To) - From).TotalSeconds);
}
