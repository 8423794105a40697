using System.Text.Json;
using System.Text.Json.Serialization;

namespace BuildingMgmt.Benchmarks.Reporting;

/// <summary>One measured figure and, where one exists, the physical limit measured in the same run.</summary>
/// <param name="Bench">Name of the benchmark, for example <c>ingest</c>.</param>
/// <param name="Case">What was varied, for example <c>events-of-1000</c>.</param>
/// <param name="Value">The measured figure, in <paramref name="Unit"/>.</param>
/// <param name="Limit">The same figure for the bare technique below ours, or null where there is none.</param>
/// <param name="LimitIs">What the limit is, in words.</param>
internal sealed record BenchmarkResult(
    string Bench, string Case, double Value, string Unit, double? Limit = null, string? LimitIs = null)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Bytes that PostgreSQL wrote to its log, where that was measured.</summary>
    public double? WalBytesAReading { get; init; }

    /// <summary>Bytes by which table and index grew, where that was measured.</summary>
    public double? TableBytesAReading { get; init; }

    /// <summary>Value divided by limit: for rates 1 is the best there can be, for times 1 is as quick as the bare technique.</summary>
    public double? Ratio => Limit is > 0 ? Math.Round(Value / Limit.Value, 3) : null;

    public string ToBenchLine() => "BENCH " + JsonSerializer.Serialize(
        this with
        {
            Value = Round(Value),
            Limit = Round(Limit),
            WalBytesAReading = Round(WalBytesAReading),
            TableBytesAReading = Round(TableBytesAReading),
        },
        Json);

    private static double? Round(double? value) => value is { } known ? Round(known) : null;

    private static double Round(double value) => Math.Abs(value) >= 1000 ? Math.Round(value) : Math.Round(value, 3);
}
