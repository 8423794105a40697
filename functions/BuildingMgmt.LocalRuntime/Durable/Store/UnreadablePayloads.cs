using System.Collections.Concurrent;
using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>
/// Instances that this build cannot read: a later one has written to them, or the database is damaged. They are left as they are, and the
/// others go on; each is told of once.
/// </summary>
internal sealed partial class UnreadablePayloads(ILogger logger)
{
    private readonly ConcurrentDictionary<string, bool> _told = new(StringComparer.Ordinal);

    public void Add(string instanceId, InvalidDataException exception)
    {
        if (_told.TryAdd(instanceId, true))
            LogUnreadable(exception, instanceId);
    }

    [LoggerMessage(LogEvents.DurableUnreadable, LogLevel.Error,
        "Orchestration {InstanceId} stands still: something that is kept of it cannot be read by this build. A build that can will go on with it; purge or replace it if there is none")]
    private partial void LogUnreadable(Exception exception, string instanceId);
}
