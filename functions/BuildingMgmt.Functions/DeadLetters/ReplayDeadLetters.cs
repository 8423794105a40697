using System.Text.Json;
using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.DeadLetters;

/// <summary>Which dead letters are to be tried again: body of <c>POST /api/ops/dead-letters/replay</c>. What is left out filters nothing.</summary>
/// <param name="Cursor">From the answer before, to go on behind it.</param>
public sealed record ReplayRequest(
    string? GatewayId = null, string? Reason = null, string? From = null, string? To = null, string? Cursor = null);

/// <summary>What became of one dead letter that was tried again.</summary>
/// <param name="DeadLetter">As it is now.</param>
/// <param name="Stored">Readings stored.</param>
/// <param name="Duplicate">Readings that were stored already.</param>
/// <param name="StillBad">Readings that still cannot be stored.</param>
public sealed record ReplayedLetter(DeadLetterRow DeadLetter, long Stored, long Duplicate, long StillBad);

/// <summary>What became of dead letters that were tried again.</summary>
/// <param name="Letters">How many were tried.</param>
/// <param name="Replayed">How many of them have nothing left that is bad.</param>
/// <param name="Stored">Readings stored.</param>
/// <param name="Duplicate">Readings that were stored already.</param>
/// <param name="StillBad">Readings that still cannot be stored.</param>
/// <param name="Left">How many were not looked at yet.</param>
/// <param name="NextCursor">For the next call; null when none is left.</param>
public sealed record ReplayedLetters(long Letters, long Replayed, long Stored, long Duplicate, long StillBad, long Left, string? NextCursor);

/// <summary>Tries dead letters again, of the gateways of the caller's buildings.</summary>
public sealed class ReplayDeadLetters(DeadLetterQueries queries, DeadLetterReplay replay)
{
    private const int BodyBytesMax = 16 * 1024;

    /// <summary>One letter. One that is replayed already stays as it is.</summary>
    [Function("ReplayDeadLetter")]
    [RequiresRole(Roles.Engineer)]
    public async Task<IResult> ReplayOneAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/ops/dead-letters/{deadLetterId:long}/replay")] HttpRequest request,
        long deadLetterId,
        CancellationToken cancellationToken)
    {
        _ = new QueryReader(request);
        var caller = Caller.Of(request);
        var visible = caller.BuildingsWith(Roles.Engineer);
        if (await queries.FindNowAsync(deadLetterId, visible, cancellationToken) is null)
            return Problem.NotFound("dead letter", $"{deadLetterId}").ToResult();
        var counts = await replay.ReplayAsync(deadLetterId, caller.Name, cancellationToken);
        return await queries.FindNowAsync(deadLetterId, visible, cancellationToken) is { } letter
            ? Results.Json(new ReplayedLetter(letter, counts.Stored, counts.Duplicate, counts.StillBad), ApiJson.Default.ReplayedLetter)
            : Problem.NotFound("dead letter", $"{deadLetterId}").ToResult();
    }

    /// <summary>All open letters of a filter, the oldest first, as many as some seconds allow; says how many are left.</summary>
    [Function(nameof(ReplayDeadLetters))]
    [RequiresRole(Roles.Engineer)]
    public async Task<IResult> ReplayManyAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/ops/dead-letters/replay")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        _ = new QueryReader(request);
        var caller = Caller.Of(request);
        var asked = Parse(await RequestBody.ReadJsonAsync(request, BodyBytesMax, cancellationToken));
        var filter = Filter(asked, caller.BuildingsWith(Roles.Engineer));
        var (counts, last) = await replay.ReplayAsync(filter, After(asked), caller.Name, cancellationToken);
        var left = last is null ? 0 : await queries.CountAfterAsync(filter, last.Value, cancellationToken);
        return Results.Json(
            new ReplayedLetters(
                counts.Letters, counts.Replayed, counts.Stored, counts.Duplicate, counts.StillBad, left,
                left == 0 ? null : new RowKey(last!.Value).ToCursor()),
            ApiJson.Default.ReplayedLetters);
    }

    private static ReplayRequest Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body.Span, ApiJson.Default.ReplayRequest) ?? new ReplayRequest();
        }
        catch (JsonException e)
        {
            throw new ProblemException(Problem.BadValue(
                e.Path is { Length: > 2 } path ? path[2..] : "body",
                "The body is no filter of dead letters.",
                "Members are gateway_id, reason, from, to and cursor, all of them texts; {} takes all letters."));
        }
    }

    private static DeadLetterFilter Filter(ReplayRequest asked, Guid[]? visible) => new(visible)
    {
        GatewayId = Text("gateway_id", asked.GatewayId),
        Reason = Text("reason", asked.Reason),
        From = asked.From is null ? null : QueryReader.ParseMoment("from", asked.From),
        To = asked.To is null ? null : QueryReader.ParseMoment("to", asked.To),
        Status = "open",
    };

    private static string? Text(string name, string? value) => value is null ? null : QueryReader.ParseText(name, value);

    private static long After(ReplayRequest asked)
    {
        if (asked.Cursor is null)
            return 0;
        return RowKey.TryParse(asked.Cursor, out var key) ? key.Number : throw new ProblemException(QueryReader.BadCursor());
    }
}
