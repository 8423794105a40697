using System.Globalization;
using System.Text;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.DeadLetters;
using BuildingMgmt.Functions.Ingest;

namespace BuildingMgmt.Functions.Tests.Ingest;

/// <summary>What a decoder made of an event, as text that can be compared and read.</summary>
/// <param name="Fault">Why the event is dead-lettered whole; null when it is not.</param>
internal sealed record DecodedText(string? GatewayId, bool Correction, string? Fault, string Readings, string Errors)
{
    public bool Unreadable => Fault == DeadLetterReason.Unreadable;

    public static DecodedText Decode(byte[] utf8, CatalogueSnapshot catalogue, BatchDecoder? decoder = null, EventOrigin origin = default)
    {
        decoder ??= new BatchDecoder();
        decoder.Begin(catalogue, TestBuilding.Now, new IngestOptions());
        var (readings, errors) = (new List<DecodedReading>(), new List<DecodeError>());
        var header = decoder.Decode(utf8, 7, origin, readings, errors);
        Assert.All(readings, reading => Assert.Equal(7, reading.EventIndex));
        return new DecodedText(
            header.GatewayId,
            header.Correction,
            header.Fault?.Reason,
            string.Join('\n', readings.Select(reading => Reading(
                reading.PointId, reading.TimeMicroseconds, reading.Value, (int)reading.Quality))),
            string.Join('\n', errors.Select(error => Error(
                error.Reason, error.Readings, Convert.ToHexString(utf8.AsSpan(error.Start, error.Length))))));
    }

    public static DecodedText Decode(string json, CatalogueSnapshot catalogue, EventOrigin origin = default) =>
        Decode(Encoding.UTF8.GetBytes(json), catalogue, null, origin);

    public static string Reading(int pointId, long microseconds, double value, int quality) =>
        string.Create(CultureInfo.InvariantCulture, $"{pointId} {microseconds} {value:R} {quality}");

    public static string Error(string reason, int readings, string content) => $"{reason} ({readings}) {content}";
}
