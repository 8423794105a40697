namespace BuildingMgmt.Benchmarks.Reporting;

/// <summary>How much a benchmark does.</summary>
internal enum BenchmarkSize
{
    /// <summary>What the published results come from.</summary>
    Full,

    /// <summary>Under two minutes a name.</summary>
    Quick,

    /// <summary>Some seconds a name: shows that the benchmark works and its result is right; its figures mean nothing.</summary>
    Trial,
}
