using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Configuration;

internal static partial class ConfigurationLog
{
    [LoggerMessage(LogEvents.StorageProviderIgnored, LogLevel.Information,
        "host.json: extensions.durableTask.storageProvider belongs to Azure's provider and does not apply here")]
    public static partial void StorageProviderIgnored(this ILogger logger);
}
