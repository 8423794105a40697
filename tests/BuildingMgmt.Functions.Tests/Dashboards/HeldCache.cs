using Microsoft.Extensions.Caching.Hybrid;

namespace BuildingMgmt.Functions.Tests.Dashboards;

/// <summary>A real cache, of which one caller can be held between the cache's answer and its own use of it.</summary>
internal sealed class HeldCache(HybridCache cache) : HybridCache, IDisposable
{
    private readonly SemaphoreSlim released = new(0);
    private int holdNext;

    /// <summary>Holds the next caller.</summary>
    public void HoldNext() => Volatile.Write(ref holdNext, 1);

    /// <summary>Lets go the one that is held, or is about to be.</summary>
    public void Release() => released.Release();

    public override async ValueTask<T> GetOrCreateAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        HybridCacheEntryOptions? options = null,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        var isHeld = Interlocked.Exchange(ref holdNext, 0) == 1;
        var answer = await cache.GetOrCreateAsync(key, state, factory, options, tags, cancellationToken);
        if (isHeld)
            await released.WaitAsync(cancellationToken);
        return answer;
    }

    public override ValueTask SetAsync<T>(
        string key, T value, HybridCacheEntryOptions? options = null, IEnumerable<string>? tags = null, CancellationToken cancellationToken = default) =>
        cache.SetAsync(key, value, options, tags, cancellationToken);

    public override ValueTask RemoveAsync(string key, CancellationToken cancellationToken = default) => cache.RemoveAsync(key, cancellationToken);

    public override ValueTask RemoveByTagAsync(string tag, CancellationToken cancellationToken = default) =>
        cache.RemoveByTagAsync(tag, cancellationToken);

    public void Dispose() => released.Dispose();
}
