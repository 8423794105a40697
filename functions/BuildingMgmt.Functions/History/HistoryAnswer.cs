using BuildingMgmt.Functions.Api;

namespace BuildingMgmt.Functions.History;

/// <summary>A history as it goes over the wire: at most 500 KB, for which its samples are lowered as far as it takes.</summary>
internal sealed class HistoryAnswer : IResult
{
    /// <summary>Size of an answer, at most.</summary>
    public const int BytesMax = 500_000;

    // A little less than what would do, as not all samples are alike.
    private const double Margin = 0.97;

    private readonly HistoryFormat format;
    private readonly byte[] body;
    private readonly IHistoryContent content;

    private HistoryAnswer(HistoryFormat format, byte[] body, IHistoryContent content)
    {
        this.format = format;
        this.body = body;
        this.content = content;
    }

    /// <summary>The body, UTF-8.</summary>
    public ReadOnlyMemory<byte> Body => body;

    /// <summary>Writes what there is, with fewer samples while it is too large.</summary>
    /// <exception cref="ProblemException">It is too large with the fewest samples.</exception>
    public static HistoryAnswer Of(IHistoryContent content, HistoryFormat format)
    {
        while (true)
        {
            var body = format.Write(content);
            if (body.Length <= BytesMax)
                return new HistoryAnswer(format, body, content);
            content = content.Lowered(Margin * BytesMax / body.Length) ?? throw new ProblemException(TooLarge(content.Query));
        }
    }

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        var response = httpContext.Response;
        response.ContentType = format.ContentType;
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "private, no-cache";
        response.Headers.Vary = "Accept";
        // A table has no place of its own to say these.
        response.Headers["X-Resolution"] = content.Query.Resolution.Name();
        if (content is HistoryChart chart)
            response.Headers["X-Max-Points"] = chart.PointsMax.ToString(null, null);
        if (content is HistoryRows { NextCursor: { } cursor })
            response.Headers["X-Next-Cursor"] = cursor;
        return response.BodyWriter.WriteAsync(body, httpContext.RequestAborted).AsTask();
    }

    private static Problem TooLarge(HistoryQuery query) => new(
        StatusCodes.Status400BadRequest,
        "history too large",
        $"The history of {query.Points.Count} points is larger than {BytesMax / 1000} KB even with {HistoryChart.PointsMin} samples each.")
    {
        Parameter = "metric",
        Hint = "Ask for some metrics (\"metric\") or some sensors (\"sensor_id\") at a time.",
    };
}
