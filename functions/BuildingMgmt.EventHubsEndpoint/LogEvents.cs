using Microsoft.Extensions.Logging;

namespace BuildingMgmt.EventHubsEndpoint;

/// <summary>What the endpoint logs. 5000-5099 log files, 5100-5199 connections, 5200-5299 links. A number is never reused.</summary>
internal static partial class LogEvents
{
    [LoggerMessage(5001, LogLevel.Warning, "Cut {Bytes} unfinished bytes off partition {PartitionId}, file {Path}: they were never accepted")]
    public static partial void TornTailCut(this ILogger logger, string partitionId, long bytes, string path);

    [LoggerMessage(5002, LogLevel.Error, "Partition {PartitionId} could not store events; their senders were told to try again")]
    public static partial void StoreFailed(this ILogger logger, Exception failure, string partitionId);

    [LoggerMessage(5003, LogLevel.Information, "Retention removed {Path} of partition {PartitionId}")]
    public static partial void SegmentRemoved(this ILogger logger, string partitionId, string path);

    [LoggerMessage(5004, LogLevel.Error, "Retention of partition {PartitionId} failed and is tried again")]
    public static partial void RetentionFailed(this ILogger logger, Exception failure, string partitionId);

    [LoggerMessage(5101, LogLevel.Debug, "Connection {Peer} opened")]
    public static partial void PeerOpened(this ILogger logger, string peer);

    [LoggerMessage(5102, LogLevel.Debug, "Connection {Peer} closed: {Reason}")]
    public static partial void PeerClosed(this ILogger logger, string peer, string reason);

    [LoggerMessage(5103, LogLevel.Warning, "Connection {Peer} was dropped: {Reason}")]
    public static partial void PeerDropped(this ILogger logger, string peer, string reason);

    [LoggerMessage(5104, LogLevel.Error, "A connection could not be taken")]
    public static partial void AcceptFailed(this ILogger logger, Exception failure);

    [LoggerMessage(5201, LogLevel.Information, "Link {Link} was refused: {Reason}")]
    public static partial void LinkRefused(this ILogger logger, string link, string reason);

    [LoggerMessage(5202, LogLevel.Information, "Link {Link} was taken away: {Reason}")]
    public static partial void LinkTakenAway(this ILogger logger, string link, string reason);

    [LoggerMessage(5203, LogLevel.Error, "Link {Link} failed")]
    public static partial void LinkFailed(this ILogger logger, Exception failure, string link);
}
