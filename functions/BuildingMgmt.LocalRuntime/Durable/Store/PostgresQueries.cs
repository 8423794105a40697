using Microsoft.DurableTask;
using Npgsql;
using static BuildingMgmt.LocalRuntime.Durable.Store.Sql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>Reads instances for clients, and the state of the hub for the meter.</summary>
internal sealed class PostgresQueries(NpgsqlDataSource database, int hub, UnreadablePayloads unreadable)
{
    /// <summary>Parameters $1 to $8, as <see cref="FilterColumns"/> gives them. A condition that is not asked for falls away when the statement is planned.</summary>
    public const string FilterSql = """
        hub = $1
            AND (cardinality($2) = 0 OR status = ANY ($2))
            AND ($3 IS NULL OR starts_with(id, $3))
            AND ($4 IS NULL OR id > $4)
            AND ($5 IS NULL OR created_at >= $5)
            AND ($6 IS NULL OR created_at <= $6)
            AND ($7 IS NULL OR ended_at >= $7)
            AND ($8 IS NULL OR ended_at <= $8)
        """;

    private const string StateColumns = "id, name, version, status, created_at, updated_at, ended_at, failure, tags";

    private const string QuerySql = $"""
        SELECT {StateColumns}, CASE WHEN $10 THEN input END, CASE WHEN $10 THEN output END, CASE WHEN $10 THEN custom_status END
        FROM durable.instance
        WHERE {FilterSql}
        ORDER BY id
        LIMIT $9
        """;

    private const string GetSql = $"""
        SELECT {StateColumns}, CASE WHEN $3 THEN input END, CASE WHEN $3 THEN output END, CASE WHEN $3 THEN custom_status END
        FROM durable.instance
        WHERE hub = $1 AND id = $2
        """;

    private const string EndedSql = $"""
        SELECT given.id
        FROM unnest($2) AS given (id)
        WHERE NOT EXISTS (
            SELECT FROM durable.instance AS i WHERE i.hub = $1 AND i.id = given.id AND i.status NOT IN {Statuses.EndsSql})
        """;

    private const string HubSql = """
        SELECT
            (SELECT count(*) FROM durable.instance WHERE hub = $1 AND status = 6),
            (SELECT count(*) FROM durable.instance WHERE hub = $1 AND status IN (0, 7)),
            (SELECT count(*) FROM durable.work WHERE hub = $1),
            now() - least(
                (
                    SELECT min(first.next_due)
                    FROM (SELECT -$1::bigint AS owner UNION ALL SELECT worker FROM durable.worker WHERE hub = $1) AS o CROSS JOIN LATERAL (
                        SELECT next_due FROM durable.instance
                        WHERE owner = o.owner AND next_due <= now()
                        ORDER BY next_due
                        LIMIT 1) AS first
                ),
                (
                    SELECT min(first.created_at)
                    FROM (SELECT -$1::bigint AS owner UNION ALL SELECT worker FROM durable.worker WHERE hub = $1 AND expires_at <= now()) AS o
                    CROSS JOIN LATERAL (
                        SELECT created_at FROM durable.work WHERE owner = o.owner ORDER BY id LIMIT 1) AS first
                ))
        """;

    public static IEnumerable<NpgsqlParameter> FilterColumns(int hub, InstanceFilter filter) =>
    [
        One(hub),
        Many(filter.Statuses, status => (short)status),
        One(filter.IdPrefix),
        One(filter.AfterId),
        One(filter.CreatedFrom?.ToUniversalTime()),
        One(filter.CreatedTo?.ToUniversalTime()),
        One(filter.EndedFrom?.ToUniversalTime()),
        One(filter.EndedTo?.ToUniversalTime()),
    ];

    public async Task<InstanceState?> GetAsync(string instanceId, bool withPayloads, CancellationToken cancellationToken)
    {
        await using var command = database.Command(GetSql, One(hub), One(instanceId), One(withPayloads));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken))
            return null;
        try
        {
            return Read(row);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"Orchestration \"{instanceId}\": {e.Message}", e);
        }
    }

    public async Task<IReadOnlyList<InstanceState>> QueryAsync(InstanceFilter filter, CancellationToken cancellationToken)
    {
        await using var command = database.Command(QuerySql, [.. FilterColumns(hub, filter), One((long)filter.Max), One(filter.WithPayloads)]);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var states = new List<InstanceState>();
        while (await row.ReadAsync(cancellationToken))
            states.Add(ReadWhatCanBe(row));
        return states;
    }

    public async Task<IReadOnlyList<string>> EndedAsync(IReadOnlyList<string> instanceIds, CancellationToken cancellationToken)
    {
        await using var command = database.Command(EndedSql, One(hub), Many(instanceIds, id => id));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var ended = new List<string>();
        while (await row.ReadAsync(cancellationToken))
            ended.Add(row.GetString(0));
        return ended;
    }

    public async Task<HubState> ReadHubAsync(CancellationToken cancellationToken)
    {
        await using var command = database.Command(HubSql, One(hub));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new HubState(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.IsDBNull(3) ? TimeSpan.Zero : row.GetTimeSpan(3));
    }

    // One that cannot be read must not hide the others: it is listed without payloads.
    private InstanceState ReadWhatCanBe(NpgsqlDataReader row)
    {
        try
        {
            return Read(row);
        }
        catch (InvalidDataException e)
        {
            unreadable.Tell(row.GetString(0), e);
            return ReadPlain(row);
        }
    }

    private static InstanceState Read(NpgsqlDataReader row) => ReadPlain(row) with
    {
        Input = PayloadCodec.DecodeText(row.Nullable<byte[]>(9)),
        Output = PayloadCodec.DecodeText(row.Nullable<byte[]>(10)),
        CustomStatus = PayloadCodec.DecodeText(row.Nullable<byte[]>(11)),
        Failure = PayloadCodec.DecodeOptional<TaskFailureDetails>(row.Nullable<byte[]>(7)),
        Tags = PayloadCodec.DecodeOptional<Dictionary<string, string>>(row.Nullable<byte[]>(8)),
    };

    private static InstanceState ReadPlain(NpgsqlDataReader row) => new(
        InstanceId: row.GetString(0),
        Name: row.GetString(1),
        Version: row.Nullable<string>(2),
        Status: row.GetInt16(3),
        CreatedAt: row.GetFieldValue<DateTimeOffset>(4),
        UpdatedAt: row.GetFieldValue<DateTimeOffset>(5),
        EndedAt: row.IsDBNull(6) ? null : row.GetFieldValue<DateTimeOffset>(6),
        Input: null,
        Output: null,
        CustomStatus: null,
        Failure: null,
        Tags: null);
}
