using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Postgres;

internal static partial class PostgresLog
{
    [LoggerMessage(LogEvents.MigrationsApplied, LogLevel.Information, "Applied {Count} migrations; the schema is at version {Version}")]
    public static partial void MigrationsApplied(this ILogger logger, int count, int version);

    [LoggerMessage(LogEvents.MigrationsWait, LogLevel.Warning, "Could not bring the database to this build's schema; trying again every second")]
    public static partial void MigrationsWait(this ILogger logger, Exception exception);
}
