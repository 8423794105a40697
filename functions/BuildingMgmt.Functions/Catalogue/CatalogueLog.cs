using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Catalogue;

internal static partial class CatalogueLog
{
    [LoggerMessage(LogEvents.CatalogueLoaded, LogLevel.Debug, "Read catalogue version {Version}: {Buildings} buildings, {Points} points")]
    public static partial void CatalogueLoaded(this ILogger logger, long version, int buildings, int points);

    [LoggerMessage(LogEvents.CatalogueUnreadable, LogLevel.Warning,
        "The catalogue cannot be read from PostgreSQL; the one in memory is used, and changes are not seen until it can")]
    public static partial void CatalogueUnreadable(this ILogger logger, Exception exception);
}
