using System.Collections.Immutable;

namespace BuildingMgmt.Functions.LatestValues;

/// <summary>
/// Tells what this process has written to the table store, so that a cache above it need not wait for its time to live.
/// Other instances' writes are not told.
/// </summary>
public sealed class LatestValueChanges
{
    private ImmutableArray<Action<Guid, FloorLatestValues>> listeners = [];

    /// <summary>Calls the listener with each floor's id and values after they were written. It must be quick and must not throw.</summary>
    /// <returns>Ends the subscription when disposed.</returns>
    public IDisposable Subscribe(Action<Guid, FloorLatestValues> listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        ImmutableInterlocked.Update(ref listeners, list => list.Add(listener));
        return new Subscription(this, listener);
    }

    internal void Publish(Guid floorId, FloorLatestValues values)
    {
        foreach (var listener in listeners)
            listener(floorId, values);
    }

    private sealed class Subscription(LatestValueChanges changes, Action<Guid, FloorLatestValues> listener) : IDisposable
    {
        public void Dispose() => ImmutableInterlocked.Update(ref changes.listeners, list => list.Remove(listener));
    }
}
