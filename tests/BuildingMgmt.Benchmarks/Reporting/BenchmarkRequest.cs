namespace BuildingMgmt.Benchmarks.Reporting;

/// <summary>What the command line asks of a benchmark.</summary>
/// <param name="OlderRows">Rows that the table of readings holds before <c>ingest</c> is measured.</param>
internal sealed record BenchmarkRequest(BenchmarkSize Size, long OlderRows);
