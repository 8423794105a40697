using System.Globalization;
using System.Reflection;
using Npgsql;

namespace BuildingMgmt.Database;

/// <summary>
/// Brings a database, fresh or older, to this build's schema: the numbered SQL files of <c>Migrations</c>, in order, once each.
/// </summary>
public static class SchemaMigrator
{
    // Each migration is a transaction of its own that first takes this lock, so that any number of processes may start at
    // once. It is a lock of the transaction, not of the session: behind PgBouncer a session is not ours to keep.
    private const string PrepareSql = """
        SELECT pg_advisory_xact_lock(7200);
        CREATE TABLE IF NOT EXISTS schema_migration (
            version    integer PRIMARY KEY,
            name       text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        );
        """;

    private static readonly Migration[] Embedded = LoadEmbedded();

    /// <summary>The version of the schema that this build needs.</summary>
    public static int LatestVersion => Embedded[^1].Version;

    /// <summary>
    /// Applies what is missing. A database that is newer than this build is left as it is: an older instance may still
    /// run while a newer one is being deployed.
    /// </summary>
    /// <returns>How many migrations were applied by this call.</returns>
    /// <exception cref="InvalidOperationException">A migration failed; the message names it, and it left nothing behind.</exception>
    public static Task<int> MigrateAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken) =>
        MigrateAsync(dataSource, LatestVersion, cancellationToken);

    /// <summary>As <see cref="MigrateAsync(NpgsqlDataSource, CancellationToken)"/>, but no further than one version.</summary>
    internal static async Task<int> MigrateAsync(NpgsqlDataSource dataSource, int lastVersion, CancellationToken cancellationToken)
    {
        var applied = 0;
        foreach (var migration in Embedded)
        {
            if (migration.Version <= lastVersion && await ApplyAsync(dataSource, migration, cancellationToken))
                applied++;
        }

        return applied;
    }

    private static async Task<bool> ApplyAsync(NpgsqlDataSource dataSource, Migration migration, CancellationToken cancellationToken)
    {
        const string isAppliedSql = "SELECT EXISTS (SELECT FROM schema_migration WHERE version = $1)";
        const string recordSql = "INSERT INTO schema_migration (version, name) VALUES ($1, $2)";

        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // A migration of a large table takes the time it takes.
        await ExecuteAsync(new NpgsqlCommand(PrepareSql, connection, transaction), cancellationToken);

        await using var isApplied = new NpgsqlCommand(isAppliedSql, connection, transaction);
        isApplied.Parameters.Add(new NpgsqlParameter<int> { TypedValue = migration.Version });
        if (await isApplied.ExecuteScalarAsync(cancellationToken) is true)
            return false;

        try
        {
            await ExecuteAsync(new NpgsqlCommand(migration.Sql, connection, transaction), cancellationToken);
        }
        catch (PostgresException exception)
        {
            throw new InvalidOperationException(
                $"Migration \"{migration.Name}\" failed and was rolled back: {exception.SqlState} {exception.MessageText}. "
                + "Mend what it complains of and start again; the migrations before it stay applied.",
                exception);
        }

        var record = new NpgsqlCommand(recordSql, connection, transaction);
        record.Parameters.Add(new NpgsqlParameter<int> { TypedValue = migration.Version });
        record.Parameters.Add(new NpgsqlParameter<string> { TypedValue = migration.Name });
        await ExecuteAsync(record, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private static async Task ExecuteAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using (command)
        {
            command.CommandTimeout = 0;
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static Migration[] LoadEmbedded()
    {
        var assembly = Assembly.GetExecutingAssembly();
        const string marker = ".Migrations.";
        var migrations = assembly.GetManifestResourceNames()
            .Where(resource => resource.Contains(marker, StringComparison.Ordinal))
            .Select(resource =>
            {
                var name = resource[(resource.IndexOf(marker, StringComparison.Ordinal) + marker.Length)..^".sql".Length];
                using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
                return new Migration(int.Parse(name.AsSpan(0, 4), CultureInfo.InvariantCulture), name, reader.ReadToEnd());
            })
            .OrderBy(migration => migration.Version)
            .ToArray();
        for (var index = 0; index < migrations.Length; index++)
        {
            if (migrations[index].Version != index + 1)
                throw new InvalidOperationException($"Migration {index + 1:0000} is missing, or its number is used twice.");
        }

        return migrations;
    }

    private sealed record Migration(int Version, string Name, string Sql);
}
