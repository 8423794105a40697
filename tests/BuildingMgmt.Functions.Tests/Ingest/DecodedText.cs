using System.Globalization;
using System.Text;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Ingest;

namespace BuildingMgmt.Functions.Tests.Ingest;

/// <summary>What a decoder made of an event, as text that can be compared and read.</summary>
internal sealed record DecodedText(string? GatewayId, bool Correction, bool Unreadable, string Readings, string Errors)
{
    public static DecodedText Decode(byte[] utf8, CatalogueSnapshot catalogue, BatchDecoder? decoder = null, bool isPosted = false)
    {
        decoder ??= new BatchDecoder();
        decoder.Begin(catalogue, TestBuilding.Now, new IngestOptions());
        var (readings, errors) = (new List<DecodedReading>(), new List<DecodeError>());
        var header = decoder.Decode(utf8, 7, isPosted, readings, errors);
        Assert.All(readings, reading => Assert.Equal(7, reading.EventIndex));
        return new DecodedText(
            header.GatewayId,
            header.Correction,
            header.Unreadable is not null,
            string.Join('\n', readings.Select(reading => Reading(
                catalogue.Points[reading.PointIndex].PointId, reading.TimeMicroseconds, reading.Value, (int)reading.Quality))),
            string.Join('\n', errors.Select(error => Error(
                error.Reason, error.Readings, Convert.ToHexString(utf8.AsSpan(error.Start, error.Length))))));
    }

    public static DecodedText Decode(string json, CatalogueSnapshot catalogue) => Decode(Encoding.UTF8.GetBytes(json), catalogue);

    public static string Reading(int pointId, long microseconds, double value, int quality) =>
        string.Create(CultureInfo.InvariantCulture, $"{pointId} {microseconds} {value:R} {quality}");

    public static string Error(string reason, int readings, string content) => $"{reason} ({readings}) {content}";
}
