using System.Text.Json;
using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using BuildingMgmt.Functions.Catalogue;
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

    // A user's readings are counted in a ledger of their own, whose name no gateway can have by accident.
    private static string GatewayIdOf(Caller caller) => caller.IsGateway ? caller.Name : $"http:{caller.Name}";

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
                StatusCodes.Status400BadRequest, "bad body", "A text in the body is not Unicode: invalid UTF-8, or half of a surrogate pair."));
        }
        catch (JsonException e)
        {
            throw new ProblemException(new Problem(
                StatusCodes.Status400BadRequest, "bad body", e.LineNumber is { } line
                    ? $"The body is not JSON: line {line + 1}, byte {e.BytePositionInLine + 1}."
                    : "An object of the body has two members of one name."));
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

    // Whoever may send for some buildings only must not write into others. Sensors that nobody knows pass: they become dead letters.
    private async Task RefuseForeignSensorsAsync(Caller caller, PostedBatch batch, CancellationToken cancellationToken)
    {
        if (caller.BuildingsWith(Senders) is null)
            return;
        var snapshot = await catalogue.GetAsync(cancellationToken);
        foreach (var reading in batch.Readings)
        {
            var text = reading.GetProperty("sensor_id"u8).GetString()!;
            if (Guid.TryParse(text, out var id) && snapshot.TryGetSensor(id, out var sensor)
                && !caller.May(Senders, sensor.Floor.Building.BuildingId))
            {
                throw new ProblemException(Problem.NotFound("sensor", text));
            }
        }
    }
}
