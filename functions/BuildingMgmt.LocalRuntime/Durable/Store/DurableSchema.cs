using System.Globalization;
using System.Reflection;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>Brings schema <c>durable</c> of a database to what this build needs: the numbered SQL files of <c>Schema</c>, in order, once each.</summary>
internal static class DurableSchema
{
    /// <summary>Advisory lock of those who make the schema. Any number will do that nobody else of the database takes.</summary>
    private const string MakingLock = "7202";

    // All in one transaction under a lock of its own: any number of processes may start at once, and behind PgBouncer a session is not ours
    // to keep. Nothing is created that is there, because even to ask for it takes rights that a role may lack which only reads and writes.
    private const string PrepareSql = $"""
        SELECT pg_advisory_xact_lock({MakingLock});
        DO $$
        BEGIN
            IF to_regnamespace('durable') IS NULL THEN
                CREATE SCHEMA durable;
            END IF;
            IF to_regclass('durable.schema_version') IS NULL THEN
                CREATE TABLE durable.schema_version (
                    version    int PRIMARY KEY,
                    applied_at timestamptz NOT NULL DEFAULT now()
                );
            END IF;
        END
        $$;
        """;

    private const string AppliedSql = "SELECT coalesce(max(version), 0) FROM durable.schema_version";

    private const string RecordSql = "INSERT INTO durable.schema_version (version) VALUES ($1)";

    // A name is one hub whatever its case, and under the lock nobody else makes it meanwhile.
    private const string HubSql = """
        WITH known AS (
            SELECT hub FROM durable.hub WHERE lower(name) = lower($1) ORDER BY name = $1 DESC, hub LIMIT 1
        ),
        made AS (
            INSERT INTO durable.hub (name) SELECT $1 WHERE NOT EXISTS (SELECT FROM known) RETURNING hub
        )
        SELECT hub FROM known UNION ALL SELECT hub FROM made
        """;

    /// <summary>Makes what is missing, the hub as well. A schema that a later build has made is left as it is.</summary>
    /// <returns>The hub's number.</returns>
    public static async Task<int> EnsureAsync(NpgsqlDataSource database, string hub, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, PrepareSql, cancellationToken);
        await using (var read = new NpgsqlCommand(AppliedSql, connection))
        {
            var applied = (int)(await read.ExecuteScalarAsync(cancellationToken))!;
            foreach (var (version, sql) in Files().Where(file => file.Version > applied))
            {
                await ExecuteAsync(connection, sql, cancellationToken);
                await ExecuteAsync(connection, RecordSql, cancellationToken, new NpgsqlParameter<int> { TypedValue = version });
            }
        }

        await using var ensure = new NpgsqlCommand(HubSql, connection);
        ensure.Parameters.Add(new NpgsqlParameter<string> { TypedValue = hub });
        var number = (int)(await ensure.ExecuteScalarAsync(cancellationToken))!;
        await transaction.CommitAsync(cancellationToken);
        return number;
    }

    private static async Task ExecuteAsync(
        NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        // Others may hold the lock while they make the schema; a later migration of a large table takes the time it takes.
        command.CommandTimeout = 0;
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static List<(int Version, string Sql)> Files()
    {
        var assembly = Assembly.GetExecutingAssembly();
        const string marker = ".Durable.Store.Schema.";
        return assembly.GetManifestResourceNames()
            .Where(resource => resource.Contains(marker, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(resource =>
            {
                var name = resource[(resource.IndexOf(marker, StringComparison.Ordinal) + marker.Length)..];
                using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
                return (int.Parse(name.AsSpan(0, 4), CultureInfo.InvariantCulture), reader.ReadToEnd());
            })
            .ToList();
    }
}
