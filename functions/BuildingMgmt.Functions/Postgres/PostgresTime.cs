namespace BuildingMgmt.Functions.Postgres;

/// <summary>Timestamps at PostgreSQL's resolution: whole microseconds since 1970-01-01T00:00Z.</summary>
internal static class PostgresTime
{
    /// <summary>Drops what is finer than a microsecond.</summary>
    public static long ToMicroseconds(DateTime utc) => (utc.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>Drops what is finer than a microsecond.</summary>
    public static long ToMicroseconds(DateTimeOffset moment) => ToMicroseconds(moment.UtcDateTime);

    /// <summary>The moment, UTC.</summary>
    public static DateTime FromMicroseconds(long microseconds) => DateTime.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}
