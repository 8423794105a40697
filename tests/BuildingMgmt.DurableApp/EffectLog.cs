using Npgsql;
using NpgsqlTypes;

namespace BuildingMgmt.DurableApp;

/// <summary>What activities did to the world: each effect once under its key, and every attempt at it.</summary>
/// <remarks>The tables are made by whoever starts the processes: <see cref="Schema"/>.</remarks>
public sealed class EffectLog(NpgsqlDataSource database)
{
    public const string Schema = """
        CREATE TABLE effect (key text PRIMARY KEY, value int NOT NULL);
        CREATE TABLE attempt (key text NOT NULL);
        CREATE INDEX ON attempt (key);
        """;

    /// <summary>Notes an attempt, and gives how many there have been for this key, this one included.</summary>
    public async Task<long> AttemptAsync(string key, CancellationToken cancellationToken)
    {
        const string sql = """
            WITH noted AS (INSERT INTO attempt (key) VALUES (@key))
            SELECT count(*) + 1 FROM attempt WHERE key = @key
            """;
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new("key", NpgsqlDbType.Text) { Value = key });
        return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    /// <summary>Has the effect unless it was had before, as an activity does that may run twice.</summary>
    public async Task ApplyAsync(string key, int value, CancellationToken cancellationToken)
    {
        const string sql = """
            INSERT INTO effect (key, value) VALUES (@key, @value) ON CONFLICT (key) DO NOTHING
            """;
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new("key", NpgsqlDbType.Text) { Value = key });
        command.Parameters.Add(new("value", NpgsqlDbType.Integer) { Value = value });
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
