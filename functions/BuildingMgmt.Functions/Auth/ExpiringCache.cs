using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace BuildingMgmt.Functions.Auth;

/// <summary>A bounded map whose entries end at a moment. When it is full, what has expired goes, and if that is nothing, all goes.</summary>
internal sealed class ExpiringCache<TKey, TValue>(int entriesMax, TimeProvider time)
    where TKey : notnull
    where TValue : class
{
    private readonly ConcurrentDictionary<TKey, (TValue Value, DateTimeOffset Expires)> entries = new();

    // ConcurrentDictionary.Count takes all its locks; this may be off by a few, which a bound of thousands can bear.
    private int count;

    public bool TryGet(TKey key, [NotNullWhen(true)] out TValue? value)
    {
        if (entries.TryGetValue(key, out var entry) && entry.Expires > time.GetUtcNow())
        {
            value = entry.Value;
            return true;
        }

        value = null;
        return false;
    }

    public void Set(TKey key, TValue value, DateTimeOffset expires)
    {
        if (Volatile.Read(ref count) >= entriesMax)
            MakeRoom();
        if (entries.TryAdd(key, (value, expires)))
            Interlocked.Increment(ref count);
        else
            entries[key] = (value, expires);
    }

    private void MakeRoom()
    {
        var now = time.GetUtcNow();
        foreach (var (key, entry) in entries)
        {
            if (entry.Expires <= now)
                entries.TryRemove(key, out _);
        }

        if (entries.Count >= entriesMax)
            entries.Clear();
        Volatile.Write(ref count, entries.Count);
    }
}
