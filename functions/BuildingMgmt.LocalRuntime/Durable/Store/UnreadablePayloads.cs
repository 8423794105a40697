using System.Collections.Concurrent;
using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>
/// Instances and activities that this build cannot read: a later one has written them, or the database is damaged. They are given up as they are,
/// for a build that can, and put aside for a while, so that they take no room from the others. Each instance is told of once.
/// </summary>
internal sealed partial class UnreadablePayloads(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan AsideFor = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, bool> _told = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _instances = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<long, long> _activities = new();

    public void Add(string instanceId, InvalidDataException exception)
    {
        _instances[instanceId] = time.GetTimestamp();
        Tell(instanceId, exception);
    }

    public void Add(long activity, string instanceId, InvalidDataException exception)
    {
        _activities[activity] = time.GetTimestamp();
        Tell(instanceId, exception);
    }

    /// <summary>Logs once that the instance cannot be read.</summary>
    public void Tell(string instanceId, InvalidDataException exception)
    {
        if (_told.TryAdd(instanceId, true))
            LogUnreadable(exception, instanceId);
    }

    /// <summary>The instance has been made anew.</summary>
    public void Forget(string instanceId)
    {
        _instances.TryRemove(instanceId, out _);
        _told.TryRemove(instanceId, out _);
    }

    /// <summary>What a take leaves out, on top of what its worker knows.</summary>
    public TakeRequest LeftOut(TakeRequest request) =>
        _instances.IsEmpty && _activities.IsEmpty
            ? request
            : request with { Busy = [.. request.Busy, .. Aside(_instances)], Running = [.. request.Running, .. Aside(_activities)] };

    private IEnumerable<TKey> Aside<TKey>(ConcurrentDictionary<TKey, long> kept)
        where TKey : notnull
    {
        foreach (var (key, since) in kept)
        {
            if (time.GetElapsedTime(since) < AsideFor)
                yield return key;
            else
                kept.TryRemove(KeyValuePair.Create(key, since));
        }
    }

    [LoggerMessage(LogEvents.DurableUnreadable, LogLevel.Error,
        "Orchestration {InstanceId} stands still: something that is kept of it cannot be read by this build. A build that can will go on with it; if there is none, start another under its id, with DedupeStatuses that leave out its status")]
    private partial void LogUnreadable(Exception exception, string instanceId);
}
