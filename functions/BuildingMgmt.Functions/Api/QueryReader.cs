using System.Globalization;
using System.Text;
using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Functions.Postgres;

namespace BuildingMgmt.Functions.Api;

/// <summary>Reads a query string strictly: a name that is not expected, a name given twice and a bad value all end the request with 400.</summary>
public readonly struct QueryReader
{
    private readonly IQueryCollection query;

    /// <summary>Refuses every parameter but those named.</summary>
    /// <exception cref="ProblemException">400, naming the parameter.</exception>
    public QueryReader(HttpRequest request, params ReadOnlySpan<string> allowed)
        : this(request, allowed, [])
    {
    }

    /// <summary>As the other, with parameters among the allowed that may be given more than once.</summary>
    /// <exception cref="ProblemException">400, naming the parameter.</exception>
    public QueryReader(HttpRequest request, ReadOnlySpan<string> allowed, ReadOnlySpan<string> repeatable)
    {
        ArgumentNullException.ThrowIfNull(request);
        query = request.Query;
        foreach (var (name, values) in query)
        {
            if (!allowed.Contains(name))
                throw new ProblemException(UnknownParameter(name, allowed));
            if (values.Count > 1 && !repeatable.Contains(name))
                throw Bad(name, $"Parameter \"{name}\" is given {values.Count} times.", "Give it once.");
        }
    }

    /// <summary>A text, at most 200 characters; null when absent.</summary>
    public string? Text(string name) => Value(name) is { } value ? ParseText(name, value) : null;

    /// <summary>Reads a text of at most 200 characters.</summary>
    /// <exception cref="ProblemException">400, naming the parameter.</exception>
    internal static string ParseText(string name, string value)
    {
        if (value.Length is 0 or > 200 || value.Contains('\0', StringComparison.Ordinal))
            throw Bad(name, $"Parameter \"{name}\" must have 1 to 200 characters, none of them NUL.", "Shorten it, or leave it out.");
        return value;
    }

    /// <summary>A UUID; null when absent.</summary>
    public Guid? Id(string name) => Value(name) is { } value ? PathId.Parse(name, value) : null;

    /// <summary>One of some words; null when absent.</summary>
    public string? OneOf(string name, params ReadOnlySpan<string> words)
    {
        var value = Value(name);
        if (value is not null && !words.Contains(value))
            throw Bad(name, $"Parameter \"{name}\" ({Quote(value)}) is not among the words that it takes.", $"Use one of {string.Join(", ", words.ToArray())}.");
        return value;
    }

    /// <summary>
    /// Texts, each once, in the order of their letters: separated by commas, or the parameter given for each of them; null when absent.
    /// </summary>
    public string[]? Texts(string name, int countMax)
    {
        if (!query.TryGetValue(name, out var values))
            return null;
        var texts = values.SelectMany(value => value!.Split(',')).Select(text => ParseText(name, text)).Distinct().Order(StringComparer.Ordinal).ToArray();
        return texts.Length <= countMax
            ? texts
            : throw Bad(name, $"Parameter \"{name}\" names {texts.Length}, and {countMax} are the most.", "Ask for some of them at a time.");
    }

    /// <summary>Rows of a page: <c>limit</c>, 1 to 1,000, default 100.</summary>
    public int Limit() => Number("limit", 1, 1000, 100);

    /// <summary>A whole number within bounds.</summary>
    public int Number(string name, int min, int max, int otherwise)
    {
        if (Value(name) is not { } value)
            return otherwise;
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < min || number > max)
        {
            throw Bad(
                name, $"Parameter \"{name}\" ({Quote(value)}) is not a whole number from {min} to {max}.",
                $"Give such a number, or leave it out for {otherwise}.");
        }

        return number;
    }

    /// <summary>Whether the parameter is given.</summary>
    public bool Has(string name) => query.ContainsKey(name);

    /// <summary>Where the page starts: <c>cursor</c>; null is the first page.</summary>
    public PageKey? Cursor()
    {
        if (Value("cursor") is not { } value)
            return null;
        return PageKey.TryParse(value, out var key) ? key : throw new ProblemException(BadCursor());
    }

    /// <summary>Where the page of a list by numbers starts: <c>cursor</c>; null is the first page.</summary>
    public RowKey? RowCursor()
    {
        if (Value("cursor") is not { } value)
            return null;
        return RowKey.TryParse(value, out var key) ? key : throw new ProblemException(BadCursor());
    }

    /// <summary>A moment, ISO 8601 with Z or an offset; null when absent.</summary>
    public DateTime? Moment(string name) => Value(name) is { } value ? ParseMoment(name, value) : null;

    /// <summary>A day; null when absent.</summary>
    public DateOnly? Day(string name)
    {
        if (Value(name) is not { } value)
            return null;
        return DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? day
            : throw Bad(name, $"Parameter \"{name}\" ({Quote(value)}) is not a day.", "Write it as 2026-01-31.");
    }

    /// <summary>The parameter as it was given; null when absent.</summary>
    internal string? Given(string name) => Value(name);

    /// <summary>Reads a moment, UTC.</summary>
    /// <exception cref="ProblemException">400, naming the parameter.</exception>
    internal static DateTime ParseMoment(string name, string value) =>
        ReadingTimestamp.TryParse(Encoding.UTF8.GetBytes(value), out var microseconds)
            && microseconds >= PostgresTime.ToMicroseconds(DateTime.MinValue) && microseconds <= PostgresTime.ToMicroseconds(DateTime.MaxValue)
                ? PostgresTime.FromMicroseconds(microseconds)
                : throw Bad(name, $"Parameter \"{name}\" ({Quote(value)}) is not an ISO 8601 time with Z or an offset.", "Write it as 2026-01-31T12:00:00Z.");

    /// <summary>What is said of a cursor that is none.</summary>
    internal static Problem BadCursor() => Problem.BadValue(
        "cursor", "Parameter \"cursor\" is not a cursor of this list.", "Take it from \"next_cursor\" of the page before, unchanged.");

    /// <summary>A caller's text for a message: shortened, so that an answer does not echo pages.</summary>
    internal static string Quote(string value) => value.Length <= 80 ? $"\"{value}\"" : $"\"{value[..80]}…\"";

    private static Problem UnknownParameter(string name, ReadOnlySpan<string> allowed) =>
        Problem.BadValue(
            name.Length <= 80 ? name : name[..80],
            $"There is no parameter {Quote(name)} here.",
            allowed.IsEmpty ? "This call takes no parameters." : $"Parameters are: {string.Join(", ", allowed.ToArray())}.");

    private static ProblemException Bad(string name, string detail, string hint) => new(Problem.BadValue(name, detail, hint));

    private string? Value(string name) => query.TryGetValue(name, out var values) ? values.ToString() : null;
}

/// <summary>UUIDs in paths and queries.</summary>
public static class PathId
{
    /// <summary>Reads a UUID in its usual form with hyphens.</summary>
    /// <exception cref="ProblemException">400, naming the parameter.</exception>
    public static Guid Parse(string name, string value) =>
        // The length too: spaces around it would be let pass.
        value.Length == 36 && Guid.TryParseExact(value, "D", out var id)
            ? id
            : throw new ProblemException(Problem.BadValue(
                name, $"Parameter \"{name}\" ({QueryReader.Quote(value)}) is not a UUID.",
                "Give one in the form 123e4567-e89b-12d3-a456-426614174000, as the lists show it."));
}
