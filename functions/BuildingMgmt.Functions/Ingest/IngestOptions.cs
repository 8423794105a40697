using System.ComponentModel.DataAnnotations;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>What ingest accepts, and how much it stores at once: section <c>Ingest</c>.</summary>
public sealed class IngestOptions : IValidatableObject
{
    /// <summary>
    /// Readings stored by one transaction, about: a transaction ends with the event that reaches it. Default 50,000.
    /// </summary>
    [Range(1, 1_000_000)]
    public int RowsPerTransactionMax { get; set; } = 50_000;

    /// <summary>Largest event, after it was unpacked, MiB. A larger one is dead-lettered whole. Default 16.</summary>
    [Range(1, 256)]
    public int EventMiBMax { get; set; } = 16;

    /// <summary>A reading whose timestamp is further ahead of this machine's clock is dead-lettered, seconds. Default 300.</summary>
    [Range(0, 86_400)]
    public int AheadSecondsMax { get; set; } = 300;

    /// <summary>A reading older than this is dead-lettered, whatever its building's retention. Default 2000-01-01T00:00Z.</summary>
    public DateTimeOffset OldestReading { get; set; } = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// An instance that keeps a transaction open and sends nothing for this long is taken for frozen, and its partition is
    /// taken from it, seconds; in the middle of a COPY that takes about twice as long to see. Default 20; with 5 more it must stay
    /// below <c>Postgres__WriteTimeoutSeconds</c>.
    /// </summary>
    [Range(1, 600)]
    public int FrozenAfterSeconds { get; set; } = 20;

    /// <summary>
    /// Whether an event's gateway is the device that its annotation <c>iothub-connection-device-id</c> names. IoT Hub sets it to the
    /// device that signed in; an Event Hub hands on whatever a sender wrote there. So true is right only where devices reach the hub
    /// through IoT Hub alone, and nobody but this app holds a key that sends to it. Default false.
    /// </summary>
    public bool TrustIotHubProperties { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // Every month between then and now may become a partition.
        if (OldestReading.Year < 1970)
            yield return new ValidationResult("OldestReading must not be before 1970-01-01.", [nameof(OldestReading)]);
    }
}
