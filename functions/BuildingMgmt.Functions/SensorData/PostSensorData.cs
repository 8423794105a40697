using System.Text;
using System.Text.Json;
using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Ingest;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.SensorData;

/// <summary>Answer of a request that brought readings: they are in the event hub.</summary>
public sealed record AcceptedBatch(string BatchId);

/// <summary>Takes readings over HTTP, for senders that cannot speak AMQP, and passes them to the hub that gateways send to.</summary>
public sealed class PostSensorData(TelemetryHub hub, CatalogueCache catalogue, TimeProvider time)
{
    private const int BodyBytesMax = 1024 * 1024;
    private const int DepthMax = 16;
    private const Roles Senders = Roles.Gateway | Roles.Ingest;

    /// <summary>One reading object; 202 once the hub has it.</summary>
    [Function("PostReading")]
    [RequiresRole(Senders)]
    public Task<IResult> PostReadingAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/sensors/data")] HttpRequest request,
        CancellationToken cancellationToken) =>
        AcceptAsync(request, PostedBatch.ParseReading, cancellationToken);

    /// <summary><c>{"batch":[reading,…]}</c>; 202 once the hub has it.</summary>
    [Function("PostReadings")]
    [RequiresRole(Senders)]
    public Task<IResult> PostReadingsAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/sensors/data/batch")] HttpRequest request,
        CancellationToken cancellationToken) =>
        AcceptAsync(request, PostedBatch.ParseBatch, cancellationToken);

    private async Task<IResult> AcceptAsync(
        HttpRequest request, Func<JsonElement, PostedBatch> parse, CancellationToken cancellationToken)
    {
        _ = new QueryReader(request);
        var body = await RequestBody.ReadJsonAsync(request, BodyBytesMax, cancellationToken);
        using var document = Parse(body);
        var batch = parse(document.RootElement);
        var caller = Caller.Of(request);
        var gatewayId = GatewayIdOf(caller);
        if (batch.GatewayId is { } claimed && claimed != gatewayId)
        {
            throw new ProblemException(Problem.BadValue(
                "gateway_id", $"\"gateway_id\" ({QueryReader.Quote(claimed)}) is not who signed in.", "Leave it out."));
        }

        await RefuseForeignSensorsAsync(caller, batch, cancellationToken);
        var now = time.GetUtcNow();
        var batchId = batch.BatchId ?? Guid.CreateVersion7(now).ToString();
        await hub.SendAsync(batch.ToGatewayBatch(gatewayId, batchId, now), gatewayId, cancellationToken);
        return Results.Json(new AcceptedBatch(batchId), ApiJson.Default.AcceptedBatch, statusCode: StatusCodes.Status202Accepted);
    }

    // A user's readings are counted in a ledger of their own, whose name no gateway has. It is the hub's partition key as well, and
    // ingest reads an event of a longer name, or of one that cannot be seen, no more than the hub takes it.
    private static string GatewayIdOf(Caller caller)
    {
        var id = caller.IsGateway ? caller.Name : $"{CatalogueSender.UserPrefix}{caller.Name}";
        var utf8 = Encoding.UTF8.GetBytes(id);
        if (!GatewayNames.IsClean(utf8) || (caller.IsGateway && id.StartsWith(CatalogueSender.UserPrefix, StringComparison.Ordinal)))
            throw UnfitName();
        if (utf8.Length <= GatewayNames.LengthMax)
            return id;
        var lengthMax = caller.IsGateway ? GatewayNames.LengthMax : GatewayNames.LengthMax - CatalogueSender.UserPrefix.Length;
        throw new ProblemException(new Problem(
            StatusCodes.Status403Forbidden, "name too long", $"Who sends readings has a name of at most {lengthMax} bytes in UTF-8; yours is longer.")
        { Hint = "Ask an administrator for a user or gateway with a shorter name to send readings." });
    }

    private static ProblemException UnfitName() => new(new Problem(
        StatusCodes.Status403Forbidden,
        "name unfit",
        $"Who sends readings has a name of characters that show, and a gateway's does not begin with \"{CatalogueSender.UserPrefix}\"; yours is another.")
    { Hint = "Ask an administrator for a user or gateway with another name to send readings." });

    private static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            RefuseBrokenText(body.Span);
            return JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = DepthMax, AllowDuplicateProperties = false });
        }
        catch (InvalidOperationException)
        {
            throw new ProblemException(new Problem(
                StatusCodes.Status400BadRequest, "bad body", "A text in the body is not Unicode: invalid UTF-8, or half of a surrogate pair.")
            { Hint = "Write the body in UTF-8." });
        }
        catch (JsonException e)
        {
            throw new ProblemException(new Problem(
                StatusCodes.Status400BadRequest, "bad body", e.LineNumber is { } line
                    ? $"The body is not JSON: line {line + 1}, byte {e.BytePositionInLine + 1}."
                    : "An object of the body has two members of one name.")
            { Hint = $"Send one JSON value of at most {DepthMax} levels, each member of an object once." });
        }
    }

    // A document reads its texts only when it is asked for them, and throws then.
    private static void RefuseBrokenText(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = DepthMax });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                _ = reader.GetString();
        }
    }

    // Whoever may send for some buildings only must not write into others. A sensor that the snapshot does not know may have been
    // installed since; what nobody knows even then passes, and becomes a dead letter without keeping the rest of its batch away.
    // While nobody can tell, the batch is not taken: whose the sensor is would be known too late.
    private async Task RefuseForeignSensorsAsync(Caller caller, PostedBatch batch, CancellationToken cancellationToken)
    {
        if (caller.BuildingsWith(Senders) is null)
            return;
        var snapshot = await catalogue.GetAsync(cancellationToken);
        if (SensorIds(batch).Any(id => !snapshot.TryGetSensor(id, out _)))
            snapshot = await catalogue.RefreshForRequestAsync(cancellationToken);
        foreach (var id in SensorIds(batch))
        {
            if (snapshot.TryGetSensor(id, out var sensor) && !caller.May(Senders, snapshot.FloorOf(sensor).Building.BuildingId))
                throw new ProblemException(Problem.NotFound("sensor", id.ToString()));
        }
    }

    // What is no UUID is no sensor of anybody.
    private static IEnumerable<Guid> SensorIds(PostedBatch batch)
    {
        foreach (var reading in batch.Readings)
        {
            if (Guid.TryParse(reading.GetProperty("sensor_id"u8).GetString(), out var id))
                yield return id;
        }
    }
}
