namespace BuildingMgmt.Simulator;

/// <summary>Ids of log messages. Never reuse a number.</summary>
internal static class LogEvents
{
    // 4000-4099 gateways, 4100-4199 demo building, 4200-4299 replay.
    public const int HubIsAway = 4001;
    public const int HubIsBack = 4002;
    public const int SpoolOverflowed = 4003;
    public const int DemoStarted = 4101;
    public const int DemoStopped = 4102;
    public const int FaultStarted = 4103;
    public const int LedgerUnreachable = 4202;
}
