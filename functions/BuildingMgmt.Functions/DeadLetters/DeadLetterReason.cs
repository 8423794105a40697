using BuildingMgmt.Functions.Ingest;

namespace BuildingMgmt.Functions.DeadLetters;

/// <summary>Why something could not be stored. The texts are stored, and people filter by them: they stay as they are.</summary>
internal static class DeadLetterReason
{
    /// <summary>No sensor has this id.</summary>
    public const string UnknownSensor = "unknown sensor";

    /// <summary>The sensor is in a building for which its sender may not send.</summary>
    public const string ForeignSensor = "foreign sensor";

    /// <summary>The sensor has no such metric.</summary>
    public const string UnknownMetric = "unknown metric";

    /// <summary>The value is no JSON number, or beyond a double's range.</summary>
    public const string NotANumber = "not a number";

    /// <summary>The timestamp is further ahead than <see cref="IngestOptions.AheadSecondsMax"/>; the text says its default.</summary>
    public const string Ahead = "timestamp more than 5 min ahead";

    /// <summary>The timestamp lies before what is kept.</summary>
    public const string TooOld = "older than retention";

    /// <summary>The reading is not of the agreed form.</summary>
    public const string Malformed = "malformed";

    /// <summary>The event as a whole cannot be read.</summary>
    public const string Unreadable = "unreadable event";

    /// <summary>The event's content type names another schema than the one that is read here.</summary>
    public const string UnknownSchema = "unknown schema";

    /// <summary>No gateway has this id, and no user who may send.</summary>
    public const string UnknownGateway = "unknown gateway";

    /// <summary>The gateway, or the user, is switched off.</summary>
    public const string InactiveGateway = "inactive gateway";

    /// <summary>The device that IoT Hub names is not the gateway that the event names.</summary>
    public const string GatewayMismatch = "gateway mismatch";

    /// <summary>The event has more bad readings than are kept one by one, and the others are bad for several reasons.</summary>
    public const string TooManyBad = "too many bad readings";

    /// <summary>Whether an event of this reason was not read, so that nobody knows how many readings it has.</summary>
    public static bool IsUncounted(string reason) => reason is Unreadable or UnknownSchema;
}
