using BuildingMgmt.Functions.Postgres;
using Npgsql;
using NpgsqlTypes;

namespace BuildingMgmt.Functions.LatestValues;

/// <summary>Reads points' newest readings from PostgreSQL, which is right where it and the table store differ.</summary>
public sealed class NewestReadings(PostgresPools pools)
{
    // The primary key (point_id, time) of the newest month that has the point answers each look-up; months are
    // tried from the newest to the oldest, and the rest is not touched.
    private const string NewestSql = """
        SELECT point.point_id, newest.time, newest.value, newest.quality
        FROM unnest($1) AS point (point_id)
        CROSS JOIN LATERAL (
            SELECT time, value, quality
            FROM reading
            WHERE reading.point_id = point.point_id
            ORDER BY time DESC
            LIMIT 1
        ) AS newest
        ORDER BY point.point_id
        """;

    private const int PointsPerQueryMax = 1_000;

    /// <summary>The newest reading of each point that has any, by point id: what was committed a moment ago is seen.</summary>
    /// <param name="pointIds">Each once, in any order.</param>
    public Task<List<LatestValue>> ReadAsync(IReadOnlyList<int> pointIds, CancellationToken cancellationToken) =>
        ReadAsync(pools.Batch, pointIds, cancellationToken);

    /// <summary>
    /// As <see cref="ReadAsync(IReadOnlyList{int}, CancellationToken)"/>, for a request: by the pool of requests, so that however
    /// many come while the table store is away, ingest and repair do not wait for them. It may lag where a replica answers.
    /// </summary>
    public Task<List<LatestValue>> ReadForRequestAsync(IReadOnlyList<int> pointIds, CancellationToken cancellationToken) =>
        ReadAsync(pools.Read, pointIds, cancellationToken);

    private static async Task<List<LatestValue>> ReadAsync(
        NpgsqlDataSource source, IReadOnlyList<int> pointIds, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(pointIds);
        var newest = new List<LatestValue>(pointIds.Count);
        var ordered = pointIds.ToArray();
        Array.Sort(ordered);
        foreach (var chunk in ordered.Chunk(PointsPerQueryMax))
        {
            await using var command = source.CreateCommand(NewestSql);
            command.Parameters.Add(new NpgsqlParameter<int[]> { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer, TypedValue = chunk });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                newest.Add(new LatestValue(
                    reader.GetInt32(0), PostgresTime.ToMicroseconds(reader.GetDateTime(1)), reader.GetDouble(2), (ReadingQuality)reader.GetInt16(3)));
            }
        }

        return newest;
    }
}
