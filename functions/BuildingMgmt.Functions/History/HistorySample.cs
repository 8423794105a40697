using BuildingMgmt.Functions.LatestValues;

namespace BuildingMgmt.Functions.History;

/// <summary>What a history is made of.</summary>
internal enum HistoryResolution
{
    /// <summary>Readings as they were stored.</summary>
    Raw,

    /// <summary>Hourly roll-ups.</summary>
    Hour,

    /// <summary>Roll-ups of the building's days.</summary>
    Day,
}

/// <summary>One reading, one bucket, or the place where some are missing.</summary>
internal readonly record struct HistorySample(DateTime At, double Value)
{
    /// <summary>Smallest value of a bucket.</summary>
    public double Min { get; init; } = double.NaN;

    /// <summary>Largest value of a bucket.</summary>
    public double Max { get; init; } = double.NaN;

    /// <summary>Readings that are counted: those of the bucket, or the reading itself.</summary>
    public int Count { get; init; }

    /// <summary>Seconds that belong to the bucket.</summary>
    public int LengthSeconds { get; init; }

    /// <summary>Share of the readings that were expected.</summary>
    public double Coverage { get; init; }

    /// <summary>Of the reading, or the worst of the bucket; null without any reading.</summary>
    public ReadingQuality? Quality { get; init; }

    /// <summary>Stands for readings or buckets that are missing, so that nobody draws a line across.</summary>
    public bool IsGap { get; init; }

    /// <summary>Whether there is a value: a gap has none, nor has a bucket in which no reading counts.</summary>
    public bool HasValue => !double.IsNaN(Value);

    /// <summary>Nothing from this moment on, until the next sample.</summary>
    public static HistorySample Gap(DateTime at) => new(at, double.NaN) { IsGap = true };
}
