using Npgsql;

namespace BuildingMgmt.Functions.RollUps;

/// <summary>What was done: how many hours of points were computed, and of hours and days, how many were new and how many another.</summary>
internal readonly record struct RollUpCount(long Buckets, long Added, long Repaired)
{
    public static RollUpCount operator +(RollUpCount left, RollUpCount right) =>
        new(left.Buckets + right.Buckets, left.Added + right.Added, left.Repaired + right.Repaired);
}

/// <summary>Computes buckets and the days that they are parts of, in the transaction of whoever has the turn.</summary>
internal static class RollUpStep
{
    /// <summary>Brings the buckets up to date, and the days of those that changed.</summary>
    public static async Task<RollUpCount> StoreAsync(
        NpgsqlTransaction transaction, List<HourBucket> buckets, DateTime now, CancellationToken cancellationToken)
    {
        if (buckets.Count == 0)
            return default;
        var days = new Dictionary<(int PointId, DateOnly Day), ChangedDay>();
        var removed = 0;
        if (buckets.Exists(bucket => bucket.Cause == RollUpCause.TimeZone))
            removed = await RemoveForeignAsync(transaction, buckets, RollUpCause.TimeZone, days, cancellationToken);
        var changed = await HourlyRollUp.StoreAsync(transaction, buckets, now, cancellationToken);
        foreach (var hour in changed)
        {
            Add(days, new ChangedDay(hour.PointId, hour.Day, hour.Cause, hour.IsRepair));
            // The hour may have been a part of the day before or behind.
            if (hour is { Cause: RollUpCause.TimeZone, IsRepair: true })
            {
                Add(days, new ChangedDay(hour.PointId, hour.Day.AddDays(-1), hour.Cause, hour.IsRepair));
                Add(days, new ChangedDay(hour.PointId, hour.Day.AddDays(1), hour.Cause, hour.IsRepair));
            }
        }

        await DailyRollUp.StoreAsync(transaction, [.. days.Values], now, cancellationToken);
        var repaired = changed.Count(hour => hour.IsRepair);
        return new RollUpCount(buckets.Count, changed.Count - repaired, repaired + removed);
    }

    /// <summary>As <see cref="StoreAsync"/>, but all days are made again, and differences in them are counted as well.</summary>
    public static async Task<RollUpCount> RebuildAsync(
        NpgsqlTransaction transaction, List<HourBucket> buckets, DateTime now, CancellationToken cancellationToken)
    {
        if (buckets.Count == 0)
            return default;
        var days = new Dictionary<(int PointId, DateOnly Day), ChangedDay>();
        foreach (var bucket in buckets)
            days.TryAdd((bucket.PointId, bucket.Day), new ChangedDay(bucket.PointId, bucket.Day, bucket.Cause, IsRepair: true));
        var removed = await RemoveForeignAsync(transaction, buckets, RollUpCause.Rebuild, days, cancellationToken);
        var changed = await HourlyRollUp.StoreAsync(transaction, buckets, now, cancellationToken);
        var changedDays = await DailyRollUp.StoreAsync(transaction, [.. days.Values], now, cancellationToken);
        var repaired = changed.Count(hour => hour.IsRepair);
        return new RollUpCount(buckets.Count, changed.Count - repaired, repaired + removed + changedDays);
    }

    private static async Task<int> RemoveForeignAsync(
        NpgsqlTransaction transaction,
        List<HourBucket> buckets,
        string cause,
        Dictionary<(int PointId, DateOnly Day), ChangedDay> days,
        CancellationToken cancellationToken)
    {
        var removed = await TimeZoneChanges.RemoveForeignAsync(transaction, buckets, cancellationToken);
        foreach (var (pointId, day) in removed)
            Add(days, new ChangedDay(pointId, day, cause, IsRepair: true));
        return removed.Count;
    }

    private static void Add(Dictionary<(int PointId, DateOnly Day), ChangedDay> days, ChangedDay day)
    {
        var key = (day.PointId, day.Day);
        // A repair tells more than an addition does.
        if (!days.TryGetValue(key, out var known) || (day.IsRepair && !known.IsRepair))
            days[key] = day;
    }
}
