namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>Times of the engine, in the store's clock.</summary>
internal static class DurableTimes
{
    public static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(2);

    /// <summary>A worker that has not renewed for so long is dead: its work goes on elsewhere within 10 s of a kill.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(8);
}
