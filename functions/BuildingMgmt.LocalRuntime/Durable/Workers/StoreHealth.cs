using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>Calls that every worker makes all the time, so that their failing says that the store is away.</summary>
[Flags]
internal enum VitalCalls
{
    None = 0,
    Enter = 1,
    Renew = 2,
    Take = 4,
}

/// <summary>Says once that the store is away, and once that it is back, however many calls fail meanwhile.</summary>
internal sealed class StoreHealth(ILogger logger, TimeProvider time)
{
    private VitalCalls _failing;
    private long _awaySince;

    public bool IsAway => _failing != VitalCalls.None;

    /// <param name="began">Timestamp of when the call was made: one that hangs fails late.</param>
    public void Failed(VitalCalls call, long began, Exception exception)
    {
        if (!IsAway)
        {
            _awaySince = began;
            logger.StoreAway(exception);
        }

        _failing |= call;
    }

    public void Worked(VitalCalls call)
    {
        if (!IsAway)
            return;
        // What failed before a worker entered anew was of its former life, and is not called again by it.
        _failing &= call == VitalCalls.Enter ? VitalCalls.None : ~call;
        if (!IsAway)
            logger.StoreBack(time.GetElapsedTime(_awaySince));
    }
}
