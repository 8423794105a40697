using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.LatestValues;
using Microsoft.Net.Http.Headers;

namespace BuildingMgmt.Functions.History;

/// <summary>How a history is written.</summary>
internal sealed record HistoryFormat(string MediaType, string ContentType, Func<IHistoryContent, byte[]> Write)
{
    private static readonly HistoryFormat Json = new("application/json", "application/json; charset=utf-8", HistoryJson.Write);

    private static readonly HistoryFormat Csv = new("text/csv", "text/csv; charset=utf-8; header=present", HistoryCsv.Write);

    /// <summary>The one that the caller likes best; JSON when it does not say.</summary>
    /// <exception cref="ProblemException">406 when it accepts none.</exception>
    public static HistoryFormat AcceptedBy(HttpRequest request)
    {
        var header = request.Headers.Accept;
        if (header.Count == 0)
            return Json;
        if (!MediaTypeHeaderValue.TryParseList(header, out var accepted))
            throw new ProblemException(Problem.BadValue("Accept", "Header \"Accept\" is no list of media types.", "Send application/json or text/csv."));
        var (json, csv) = (Quality(accepted, Json), Quality(accepted, Csv));
        if (json == 0 && csv == 0)
            throw new ProblemException(NotAcceptable);
        return csv > json ? Csv : Json;
    }

    private static Problem NotAcceptable => new(
        StatusCodes.Status406NotAcceptable, "not acceptable", "A history is to be had as application/json or text/csv, and \"Accept\" takes neither.")
    {
        Hint = "Send one of them as \"Accept\", or leave it out for JSON.",
    };

    // The most specific range decides (RFC 9110, section 12.5.1).
    private static double Quality(IList<MediaTypeHeaderValue> accepted, HistoryFormat format) => accepted
        .Where(range => range.MatchesAllTypes || range.MediaType.Equals(format.MediaType, StringComparison.OrdinalIgnoreCase)
            || (range.MatchesAllSubTypes && format.MediaType.StartsWith($"{range.Type}/", StringComparison.OrdinalIgnoreCase)))
        .OrderByDescending(range => range.MatchesAllTypes ? 0 : range.MatchesAllSubTypes ? 1 : 2)
        .Select(range => range.Quality ?? 1)
        .FirstOrDefault();
}

/// <summary>Words on the wire.</summary>
internal static class HistoryWords
{
    public static string Name(this HistoryResolution resolution) => resolution switch
    {
        HistoryResolution.Raw => "raw",
        HistoryResolution.Hour => "hour",
        _ => "day",
    };

    public static string? Name(this ReadingQuality? quality) => quality switch
    {
        null => null,
        ReadingQuality.Good => "good",
        ReadingQuality.Uncertain => "uncertain",
        ReadingQuality.Bad => "bad",
        _ => "suspect",
    };
}
