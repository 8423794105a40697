namespace BuildingMgmt.LocalRuntime.Hosting;

/// <summary>Ids of what the runtime logs. They never change; a retired number stays reserved.</summary>
internal static class LogEvents
{
    // 100-199 functions and HTTP, 200-299 timers, 300-399 Event Hubs, 400-499 configuration, 500-599 durable orchestrations.

    // 540-559 the client and hosting.
    public const int DurableWaitsStoreAway = 540;
    public const int DurableStoreNotReady = 541;
    public const int DurableStarted = 542;
}
