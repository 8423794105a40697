using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Durable.Client;

internal static partial class DurableClientLog
{
    [LoggerMessage(LogEvents.DurableWaitsStoreAway, LogLevel.Warning,
        "The store of orchestrations cannot be asked which of those that are waited for have ended; it is asked again until it answers")]
    public static partial void WaitsStoreAway(this ILogger logger, Exception exception);
}
