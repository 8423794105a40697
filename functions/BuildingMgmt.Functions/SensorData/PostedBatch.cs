using System.Buffers;
using System.Text.Json;
using BuildingMgmt.Functions.Api;

namespace BuildingMgmt.Functions.SensorData;

/// <summary>
/// Readings as they came by HTTP. Only their shape is checked here: whether a sensor exists or a value makes sense is decided
/// behind the hub, for all senders alike, and what is refused there is kept as a dead letter.
/// </summary>
/// <param name="Readings">The reading objects, as they came.</param>
/// <param name="BatchId">The sender's own id of the batch; null when it gave none.</param>
/// <param name="GatewayId">Whom the batch says it is from; null when it does not.</param>
/// <param name="SentAt">When the batch says it was sent; null when it does not.</param>
/// <param name="IsCorrection">Whether its values replace those stored for the same point and time.</param>
public sealed record PostedBatch(
    IReadOnlyList<JsonElement> Readings, string? BatchId, string? GatewayId, string? SentAt, bool IsCorrection)
{
    private const int IdLengthMax = 128;

    /// <summary>Reads <c>{"batch":[reading,…]}</c>, with the other members of a gateway batch allowed.</summary>
    /// <exception cref="ProblemException">400 that names what is wrong.</exception>
    public static PostedBatch ParseBatch(JsonElement body)
    {
        RequireObject(body, "The body");
        PostedBatch batch = new([], null, null, null, false);
        foreach (var member in body.EnumerateObject())
        {
            batch = member.Name switch
            {
                "batch" => batch with { Readings = ReadReadings(member.Value) },
                "batch_id" => batch with { BatchId = ReadText(member, IdLengthMax) },
                "gateway_id" => batch with { GatewayId = ReadText(member, IdLengthMax) },
                "sent_at" => batch with { SentAt = ReadText(member, IdLengthMax) },
                "correction" => batch with { IsCorrection = ReadBoolean(member) },
                _ => throw Bad(member.Name, $"The body has an unknown member {QueryReader.Quote(member.Name)}."),
            };
        }

        return batch.Readings.Count > 0
            ? batch
            : throw Bad("batch", "\"batch\" is missing or empty: it must be an array of at least one reading.");
    }

    /// <summary>Reads one reading object.</summary>
    /// <exception cref="ProblemException">400 that names what is wrong.</exception>
    public static PostedBatch ParseReading(JsonElement body)
    {
        CheckReading(body, "");
        return new PostedBatch([body], null, null, null, false);
    }

    /// <summary>Writes the batch as gateways send it.</summary>
    public ReadOnlyMemory<byte> ToGatewayBatch(string gatewayId, string batchId, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteString("gateway_id"u8, gatewayId);
        writer.WriteString("batch_id"u8, batchId);
        if (SentAt is null)
            writer.WriteString("sent_at"u8, now.UtcDateTime);
        else
            writer.WriteString("sent_at"u8, SentAt);
        if (IsCorrection)
            writer.WriteBoolean("correction"u8, true);
        writer.WriteStartArray("batch"u8);
        foreach (var reading in Readings)
            reading.WriteTo(writer);
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private static List<JsonElement> ReadReadings(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array)
            throw Bad("batch", "\"batch\" must be an array of readings.");
        List<JsonElement> readings = new(value.GetArrayLength());
        foreach (var reading in value.EnumerateArray())
        {
            CheckReading(reading, $"batch[{readings.Count}]");
            readings.Add(reading);
        }

        return readings;
    }

    private static void CheckReading(JsonElement reading, string path)
    {
        RequireObject(reading, path.Length == 0 ? "The body" : $"\"{path}\"", path);
        Require(reading, path, "sensor_id", JsonValueKind.String, "a text");
        Require(reading, path, "timestamp", JsonValueKind.String, "a text such as 2026-01-31T12:00:00Z");
        Require(reading, path, "data", JsonValueKind.Object, "an object of metrics and values");
        if (reading.TryGetProperty("quality"u8, out var quality) && quality.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
            throw Bad(Join(path, "quality"), $"\"{Join(path, "quality")}\" must be a text.");
    }

    private static void Require(JsonElement reading, string path, string member, JsonValueKind kind, string what)
    {
        if (!reading.TryGetProperty(member, out var value) || value.ValueKind != kind)
            throw Bad(Join(path, member), $"\"{Join(path, member)}\" is missing or is not {what}.");
    }

    private static void RequireObject(JsonElement value, string name, string parameter = "")
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw Bad(parameter.Length == 0 ? "body" : parameter, $"{name} must be a JSON object.");
    }

    private static string ReadText(JsonProperty member, int lengthMax)
    {
        if (member.Value.ValueKind != JsonValueKind.String || member.Value.GetString() is not { Length: > 0 } text
            || text.Length > lengthMax || text.Contains('\0', StringComparison.Ordinal))
        {
            throw Bad(member.Name, $"\"{member.Name}\" must be a text of 1 to {lengthMax} characters, none of them NUL.");
        }

        return text;
    }

    private static bool ReadBoolean(JsonProperty member) => member.Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Bad(member.Name, $"\"{member.Name}\" must be true or false."),
    };

    private static string Join(string path, string member) => path.Length == 0 ? member : $"{path}.{member}";

    private static ProblemException Bad(string parameter, string detail) =>
        new(Problem.BadValue(
            parameter.Length <= 80 ? parameter : parameter[..80],
            detail,
            "A reading is {\"sensor_id\":\"…\",\"timestamp\":\"…\",\"data\":{\"metric\":1}}, a batch {\"batch\":[reading,…]}."));
}
