using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>Records when gateways were heard of, and which of their numbers came: see <c>record_gateway_events</c> in the schema.</summary>
internal static class GatewayArrivals
{
    private const string RecordSql = "SELECT record_gateway_events($1, $2, $3, $4, $5, $6, $7, $8)";

    // No more are kept.
    private const int GapsMax = 15;

    // A gateway that sends several events at once is heard of once.
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(1);

    /// <summary>Records the events of the slice that were not stored before; null when none is of a gateway.</summary>
    public static NpgsqlBatchCommand? RecordCommand(EventSlice slice, StoredSlice result)
    {
        var gateways = new SortedDictionary<string, Arrivals>(StringComparer.Ordinal);
        for (var index = 0; index < slice.Events.Count; index++)
        {
            var entry = slice.Events[index];
            if (result.IsSkipped[index] || !entry.IsOfGateway)
                continue;
            if (!gateways.TryGetValue(entry.GatewayId!, out var arrivals))
                gateways.Add(entry.GatewayId!, arrivals = new Arrivals(entry.EnqueuedAt));
            arrivals.Add(entry);
        }

        if (gateways.Count == 0)
            return null;
        // Places as PostgreSQL counts them.
        var gaps = gateways.Values.SelectMany(arrivals => arrivals.Gaps.TakeLast(GapsMax)).ToArray();
        var gapGateways = gateways.Values.SelectMany((arrivals, place) => Enumerable.Repeat(place + 1, Math.Min(GapsMax, arrivals.Gaps.Count))).ToArray();
        var runs = gateways.Values.SelectMany(arrivals => arrivals.Runs).ToArray();
        var runGateways = gateways.Values.SelectMany((arrivals, place) => Enumerable.Repeat(place + 1, arrivals.Runs.Count)).ToArray();
        return Command(
            RecordSql,
            Many(gateways, gateway => gateway.Key),
            Many(gateways, gateway => gateway.Value.First),
            Many(gateways, gateway => gateway.Value.Last),
            One(gapGateways),
            One(gaps),
            One(runGateways),
            Many(runs, run => run.First),
            Many(runs, run => run.Last));
    }

    private sealed class Arrivals
    {
        private DateTime heardAt;

        public Arrivals(DateTime first) => First = heardAt = first;

        public DateTime First { get; }

        public DateTime Last { get; private set; }

        public List<float> Gaps { get; } = [];

        /// <summary>Numbers without a hole, in the order in which they came.</summary>
        public List<(long First, long Last)> Runs { get; } = [];

        public void Add(in SliceEvent entry)
        {
            Last = entry.EnqueuedAt;
            if (entry.EnqueuedAt - heardAt >= AtOnce)
            {
                Gaps.Add((float)(entry.EnqueuedAt - heardAt).TotalSeconds);
                heardAt = entry.EnqueuedAt;
            }

            if (entry.Sequence is not { } sequence)
                return;
            if (Runs.Count > 0 && Runs[^1].Last + 1 == sequence)
                Runs[^1] = Runs[^1] with { Last = sequence };
            else
                Runs.Add((sequence, sequence));
        }
    }
}
