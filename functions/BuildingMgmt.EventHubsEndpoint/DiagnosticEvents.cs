namespace BuildingMgmt.EventHubsEndpoint;

/// <summary>
/// Ids of what the endpoint logs. 5000-5099 log files, 5100-5199 connections, 5200-5299 links. Never reuse a number.
/// </summary>
internal static class DiagnosticEvents
{
    public const int TornTailCut = 5001;
    public const int StoreFailed = 5002;
    public const int SegmentRemoved = 5003;
    public const int RetentionFailed = 5004;
    public const int IndexNotSaved = 5005;

    public const int PeerOpened = 5101;
    public const int PeerClosed = 5102;
    public const int PeerDropped = 5103;
    public const int AcceptFailed = 5104;
    public const int PeerFailed = 5105;

    public const int LinkRefused = 5201;
    public const int LinkTakenAway = 5202;
    public const int LinkFailed = 5203;
}
