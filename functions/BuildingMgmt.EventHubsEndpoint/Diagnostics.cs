using Microsoft.Extensions.Logging;

namespace BuildingMgmt.EventHubsEndpoint;

/// <summary>
/// What the endpoint logs of itself, unlike <c>Log/</c>, which holds the events of its senders. Its callers rely on it that this never
/// throws, see <see cref="NeverThrowingLogger"/>.
/// </summary>
internal static partial class Diagnostics
{
    [LoggerMessage(DiagnosticEvents.TornTailCut, LogLevel.Warning, "Cut {Bytes} unfinished bytes off partition {PartitionId}, file {Path}: they were never accepted")]
    public static partial void TornTailCut(this ILogger logger, string partitionId, long bytes, string path);

    [LoggerMessage(DiagnosticEvents.StoreFailed, LogLevel.Error, "Partition {PartitionId} could not store events; their senders were told to try again")]
    public static partial void StoreFailed(this ILogger logger, Exception failure, string partitionId);

    [LoggerMessage(DiagnosticEvents.SegmentRemoved, LogLevel.Information, "Retention removed {Path} of partition {PartitionId}")]
    public static partial void SegmentRemoved(this ILogger logger, string partitionId, string path);

    [LoggerMessage(DiagnosticEvents.RetentionFailed, LogLevel.Error, "Retention of partition {PartitionId} failed and is tried again")]
    public static partial void RetentionFailed(this ILogger logger, Exception failure, string partitionId);

    [LoggerMessage(DiagnosticEvents.IndexNotSaved, LogLevel.Warning, "Could not write {Path}, an index of partition {PartitionId}: readers look for their place in the segment itself")]
    public static partial void IndexNotSaved(this ILogger logger, Exception failure, string path, string partitionId);

    [LoggerMessage(DiagnosticEvents.PeerOpened, LogLevel.Debug, "Connection {Peer} opened")]
    public static partial void PeerOpened(this ILogger logger, string peer);

    [LoggerMessage(DiagnosticEvents.PeerClosed, LogLevel.Debug, "Connection {Peer} closed: {Reason}")]
    public static partial void PeerClosed(this ILogger logger, string peer, string reason);

    [LoggerMessage(DiagnosticEvents.PeerDropped, LogLevel.Warning, "Connection {Peer} was dropped: {Reason}")]
    public static partial void PeerDropped(this ILogger logger, string peer, string reason);

    [LoggerMessage(DiagnosticEvents.AcceptFailed, LogLevel.Error, "A connection could not be taken")]
    public static partial void AcceptFailed(this ILogger logger, Exception failure);

    [LoggerMessage(DiagnosticEvents.PeerFailed, LogLevel.Error, "The endpoint failed on connection {Peer} and cut it; others are not touched")]
    public static partial void PeerFailed(this ILogger logger, Exception failure, string peer);

    [LoggerMessage(DiagnosticEvents.LinkRefused, LogLevel.Information, "Link {Link} was refused: {Reason}")]
    public static partial void LinkRefused(this ILogger logger, string link, string reason);

    [LoggerMessage(DiagnosticEvents.LinkTakenAway, LogLevel.Information, "Link {Link} was taken away: {Reason}")]
    public static partial void LinkTakenAway(this ILogger logger, string link, string reason);

    [LoggerMessage(DiagnosticEvents.LinkFailed, LogLevel.Error, "Link {Link} failed")]
    public static partial void LinkFailed(this ILogger logger, Exception failure, string link);
}
