using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.DeadLetters;
using BuildingMgmt.Functions.Ingest;

namespace BuildingMgmt.Functions.Tests.Ingest;

/// <summary>The rules of a gateway batch, written once more: slowly, over a parsed document, and as they are told.</summary>
internal static class DecoderModel
{
    private static readonly DecodedText Unreadable = new(null, false, DeadLetterReason.Unreadable, "", "");

    public static DecodedText Decode(byte[] utf8, CatalogueSnapshot catalogue)
    {
        var json = utf8.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? utf8.AsMemory(3) : utf8;
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = BatchDecoder.DepthMax });
        }
        catch (JsonException)
        {
            return Unreadable;
        }

        using (document)
            return Decode(document.RootElement, catalogue);
    }

    private static DecodedText Decode(JsonElement root, CatalogueSnapshot catalogue)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return Unreadable;
        string? gatewayId = null;
        var correction = false;
        JsonElement? batch = null;
        foreach (var field in root.EnumerateObject())
        {
            switch (Name(field))
            {
                case "gateway_id":
                    if (gatewayId is not null)
                        return Unreadable with { GatewayId = gatewayId };
                    gatewayId = Text(field.Value);
                    if (gatewayId is null || Encoding.UTF8.GetByteCount(gatewayId) is 0 or > 128
                        || gatewayId.StartsWith("http:", StringComparison.Ordinal)
                        || gatewayId.Trim(' ').Length == 0
                        || Regex.IsMatch(gatewayId, @"[\p{Cc}\p{Cf}\p{Z}-[ ]]"))
                    {
                        return Unreadable;
                    }

                    break;
                case "correction":
                    if (field.Value.ValueKind is not (JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null))
                        return Unreadable with { GatewayId = gatewayId };
                    correction = field.Value.ValueKind == JsonValueKind.True;
                    break;
                case "batch":
                    if (batch is not null || field.Value.ValueKind != JsonValueKind.Array)
                        return Unreadable with { GatewayId = gatewayId };
                    batch = field.Value;
                    break;
            }
        }

        if (gatewayId is null || batch is null)
            return Unreadable with { GatewayId = gatewayId };
        var home = new[] { TestBuilding.Tower, TestBuilding.Archive }
            .SingleOrDefault(building => building.Gateways.Any(gateway => gateway.GatewayId == gatewayId));
        if (home is null)
            return new DecodedText(gatewayId, false, DeadLetterReason.UnknownGateway, "", "");
        var (readings, errors) = (new List<string>(), new List<string>());
        foreach (var element in batch.Value.EnumerateArray())
            Decode(element, catalogue, home.BuildingId, readings, errors);
        return new DecodedText(gatewayId, correction, null, string.Join('\n', readings), string.Join('\n', errors));
    }

    private static void Decode(JsonElement element, CatalogueSnapshot catalogue, Guid home, List<string> readings, List<string> errors)
    {
        var content = Convert.ToHexString(JsonMarshal.GetRawUtf8Value(element));
        var fields = element.ValueKind == JsonValueKind.Object
            ? element.EnumerateObject().Select(field => (Name: Name(field), field.Value))
                .Where(field => field.Name is "sensor_id" or "timestamp" or "data" or "quality").ToArray()
            : [];
        var values = fields.DistinctBy(field => field.Name).ToDictionary(field => field.Name!, field => field.Value);
        var metrics = values.TryGetValue("data", out var data) && data.ValueKind == JsonValueKind.Object
            ? data.EnumerateObject().ToArray()
            : [];

        var refusal = Refuse(values, fields.Length, metrics.Length, catalogue, home, out var sensor, out var microseconds, out var quality);
        if (refusal is not null)
        {
            // A sensor that is known before a fault shows counts what was read of it; either way it is the entries of "data".
            errors.Add(DecodedText.Error(refusal, Math.Max(1, metrics.Length), content));
            return;
        }

        foreach (var metric in metrics)
        {
            var points = sensor!.Points.Where(point => point.Metric == Name(metric)).ToArray();
            if (points is not [var point])
                errors.Add(DecodedText.Error(DeadLetterReason.UnknownMetric, 1, content));
            else if (metric.Value.ValueKind != JsonValueKind.Number || !double.IsFinite(metric.Value.GetDouble()))
                errors.Add(DecodedText.Error(DeadLetterReason.NotANumber, 1, content));
            else
                readings.Add(DecodedText.Reading(point.PointId, microseconds, metric.Value.GetDouble(), Quality(point, metric.Value.GetDouble(), quality)));
        }
    }

    private static string? Refuse(
        Dictionary<string, JsonElement> values,
        int fields,
        int metrics,
        CatalogueSnapshot catalogue,
        Guid home,
        out CatalogueSensor? sensor,
        out long microseconds,
        out int quality)
    {
        (sensor, microseconds, quality) = (null, 0, 0);
        if (fields != values.Count
            || !values.TryGetValue("sensor_id", out var sensorId)
            || !Guid.TryParseExact(Text(sensorId), "D", out var id)
            || !values.TryGetValue("timestamp", out var timestamp)
            || !TryParseTime(Text(timestamp), out microseconds)
            || !TryParseQuality(values, out quality)
            || metrics == 0)
        {
            return DeadLetterReason.Malformed;
        }

        if (!catalogue.TryGetSensor(id, out sensor))
            return DeadLetterReason.UnknownSensor;
        if (catalogue.FloorOf(sensor).Building.BuildingId != home)
            return DeadLetterReason.ForeignSensor;
        var time = DateTime.UnixEpoch.AddMicroseconds(microseconds);
        if (time > TestBuilding.Now.UtcDateTime.AddMinutes(5))
            return DeadLetterReason.Ahead;
        var days = catalogue.FloorOf(sensor).Building.RawRetentionDays;
        return time < new DateTime(2000, 1, 1) || (days is not null && time < TestBuilding.Now.UtcDateTime.AddDays(-days.Value))
            ? DeadLetterReason.TooOld
            : null;
    }

    private static int Quality(CataloguePoint point, double value, int told) =>
        value < point.PlausibleMin || value > point.PlausibleMax ? 3 : told;

    private static bool TryParseQuality(Dictionary<string, JsonElement> values, out int quality)
    {
        quality = 0;
        if (!values.TryGetValue("quality", out var told) || told.ValueKind == JsonValueKind.Null)
            return true;
        quality = Array.IndexOf(["good", "uncertain", "bad"], Text(told));
        return quality >= 0;
    }

    private static bool TryParseTime(string? text, out long microseconds)
    {
        microseconds = 0;
        if (text is null || text.Length < 17 || !text.All(char.IsAscii)
            || !DateTimeOffset.TryParseExact(
                text.ToUpperInvariant().Replace(',', '.'),
                ["yyyy-MM-ddTHH:mm:ss.FFFFFFFK", "yyyy-MM-ddTHH:mmK"],
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out var time)
            || text[^1] is not ('Z' or 'z') && text.LastIndexOfAny(['+', '-']) < 16)
        {
            return false;
        }

        microseconds = (time.UtcTicks - DateTime.UnixEpoch.Ticks) / 10;
        return true;
    }

    private static string? Name(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement element)
    {
        try
        {
            return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
