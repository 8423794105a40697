using BuildingMgmt.Functions.Postgres;
using Npgsql;
using NpgsqlTypes;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>Inserts readings where some may be stored already, and says which were.</summary>
internal readonly struct ReadingInsert(NpgsqlConnection connection, NpgsqlTransaction transaction, EventSlice slice)
{
    // DO NOTHING: delivery is at least once, and without "correction" the first value stays.
    private const string AddSql = """
        WITH given AS (
            SELECT * FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS given (point_id, time, value, quality, place)
        ), added AS (
            INSERT INTO reading (point_id, time, value, quality)
            SELECT point_id, time, value, quality FROM given ORDER BY place
            ON CONFLICT (point_id, time) DO NOTHING
            RETURNING point_id, time
        )
        SELECT (place - 1)::integer
        FROM given LEFT JOIN added USING (point_id, time)
        WHERE added.point_id IS NULL
        """;

    // A correction that says what is stored already changes no row, so that it counts as a duplicate.
    private const string CorrectSql = """
        WITH given AS (
            SELECT * FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS given (point_id, time, value, quality, place)
        ), changed AS (
            INSERT INTO reading (point_id, time, value, quality)
            SELECT point_id, time, value, quality FROM given ORDER BY place
            ON CONFLICT (point_id, time) DO UPDATE SET value = excluded.value, quality = excluded.quality
                WHERE (reading.value, reading.quality) IS DISTINCT FROM (excluded.value, excluded.quality)
            RETURNING point_id, time
        )
        SELECT (place - 1)::integer
        FROM given LEFT JOIN changed USING (point_id, time)
        WHERE changed.point_id IS NULL
        """;

    /// <param name="places">Places of the readings, by point and time, each point and time once.</param>
    /// <param name="unchanged">Places of those that are stored already are added.</param>
    public Task AddAsync(List<int> places, List<int> unchanged, CancellationToken cancellationToken) =>
        ExecuteAsync(AddSql, places, unchanged, cancellationToken);

    /// <summary>As <see cref="AddAsync"/>, but what is stored is replaced.</summary>
    public Task CorrectAsync(List<int> places, List<int> unchanged, CancellationToken cancellationToken) =>
        ExecuteAsync(CorrectSql, places, unchanged, cancellationToken);

    private async Task ExecuteAsync(string sql, List<int> places, List<int> unchanged, CancellationToken cancellationToken)
    {
        if (places.Count == 0)
            return;
        var pointIds = new int[places.Count];
        var times = new DateTime[places.Count];
        var values = new double[places.Count];
        var qualities = new short[places.Count];
        for (var index = 0; index < places.Count; index++)
        {
            var reading = slice.Readings[places[index]];
            pointIds[index] = reading.PointId;
            times[index] = PostgresTime.FromMicroseconds(reading.TimeMicroseconds);
            values[index] = reading.Value;
            qualities[index] = (short)reading.Quality;
        }

        await using var command = new NpgsqlCommand(sql, connection, transaction)
        {
            Parameters =
            {
                new NpgsqlParameter<int[]> { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer, TypedValue = pointIds },
                new NpgsqlParameter<DateTime[]> { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz, TypedValue = times },
                new NpgsqlParameter<double[]> { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Double, TypedValue = values },
                new NpgsqlParameter<short[]> { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Smallint, TypedValue = qualities },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            unchanged.Add(places[reader.GetInt32(0)]);
    }
}
