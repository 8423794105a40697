namespace BuildingMgmt.Functions.Ingest;

/// <summary>A reading, or a metric of it, that cannot be stored.</summary>
/// <param name="Start">Where its reading begins in the event, bytes.</param>
/// <param name="Length">How long its reading is, bytes.</param>
/// <param name="Readings">How many values it stands for.</param>
/// <param name="FirstValue">How many values of the event come before its reading's.</param>
/// <param name="Values">Which of its reading's values; null when all. See <see cref="ValueSet"/>.</param>
internal readonly record struct DecodeError(
    string Reason, string Detail, int Start, int Length, int Readings, int FirstValue, byte[]? Values);

/// <summary>Why an event is dead-lettered whole.</summary>
/// <param name="Readings">How many values it has; 1 for one that cannot be read.</param>
internal sealed record EventFault(string Reason, string Detail, int Readings);

/// <summary>What an event says about all of its readings.</summary>
/// <param name="Fault">Why the event is dead-lettered whole; null when its readings count.</param>
/// <param name="GatewayId">Null when the event does not say it.</param>
/// <param name="BatchId">Read only when something is to be dead-lettered.</param>
/// <param name="Correction">Whether its values replace others of the same point and time.</param>
internal readonly record struct DecodedHeader(EventFault? Fault, string? GatewayId, string? BatchId, bool Correction)
{
    /// <summary>Whether it is of a gateway that the catalogue has.</summary>
    public bool IsOfGateway { get; init; }

    /// <summary>The gateway's number of it; null when it has none.</summary>
    public long? Sequence { get; init; }

    /// <summary>Bad values beyond those that were listed one by one.</summary>
    public int SurplusErrors { get; init; }

    /// <summary>Why those are bad; null when for several reasons.</summary>
    public string? SurplusReason { get; init; }

    /// <summary>Which of the event's values those are; null when there are none.</summary>
    public byte[]? SurplusValues { get; init; }
}
