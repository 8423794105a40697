using System.Net.Http.Json;
using System.Text.Json;

namespace BuildingMgmt.Benchmarks.Dashboard;

/// <summary>What the app counted of its dashboards' cache.</summary>
internal readonly record struct DashboardCounts(long Hits, long Misses)
{
    public long Answers => Hits + Misses;

    public double HitRate => (double)Hits / Answers;

    /// <summary>Asks the app, as an administrator.</summary>
    public static async Task<DashboardCounts> ReadAsync(HttpClient admin, CancellationToken cancellationToken)
    {
        var counts = await admin.GetFromJsonAsync<JsonElement>(new Uri("api/ops/dashboards", UriKind.Relative), cancellationToken);
        return new(counts.GetProperty("hits").GetInt64(), counts.GetProperty("misses").GetInt64());
    }

    public static DashboardCounts operator -(DashboardCounts after, DashboardCounts before) =>
        new(after.Hits - before.Hits, after.Misses - before.Misses);
}
