namespace BuildingMgmt.Functions.DeadLetters;

/// <summary>What could not be stored, with all that it takes to try it again.</summary>
/// <param name="EventIndex">Place of its event in the slice.</param>
/// <param name="Readings">How many values it stands for.</param>
/// <param name="Content">The bytes of the event as it came, or of the reading within it.</param>
internal sealed record DeadLetter(
    int EventIndex, string? GatewayId, string? BatchId, string Reason, string Detail, int Readings, byte[] Content)
{
    /// <summary>Whether the content is the whole event, as packed as it came.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Which of the content's values it stands for; null when all. See <see cref="Ingest.ValueSet"/>.</summary>
    public byte[]? Values { get; init; }

    /// <summary>How many values of its event come before those of a reading.</summary>
    public int FirstValue { get; init; }

    /// <summary>What a whole event says of its packing.</summary>
    public string? ContentEncoding { get; init; }

    /// <summary>What a whole event says of its schema.</summary>
    public string? ContentType { get; init; }

    /// <summary>Whether it says that it was posted to this app.</summary>
    public bool IsPosted { get; init; }

    /// <summary>The device that sent it, by IoT Hub.</summary>
    public string? DeviceId { get; init; }

    /// <summary>Whether a reading's batch corrects; a whole event tells that itself.</summary>
    public bool Correction { get; init; }
}
