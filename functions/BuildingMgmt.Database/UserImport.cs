using Npgsql;

namespace BuildingMgmt.Database;

/// <summary>Writes users with their passwords and roles.</summary>
public static class UserImport
{
    /// <summary>
    /// Makes each user exist with this password and at least this role, for all buildings. A password that is right
    /// already keeps its hash; other grants stay.
    /// </summary>
    public static async Task ImportAsync(NpgsqlDataSource dataSource, IReadOnlyList<UserSpec> users, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        ArgumentNullException.ThrowIfNull(users);

        foreach (var user in users)
        {
            await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await WritePasswordAsync(connection, transaction, user, cancellationToken);
            await WriteGrantAsync(connection, transaction, user, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
    }

    private static async Task WritePasswordAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, UserSpec user, CancellationToken cancellationToken)
    {
        const string readSql = "SELECT password_hash FROM app_user WHERE username = $1";
        const string writeSql = """
            INSERT INTO app_user (username, password_hash) VALUES ($1, $2)
            ON CONFLICT (username) DO UPDATE SET password_hash = excluded.password_hash
            """;

        await using var read = new NpgsqlCommand(readSql, connection, transaction);
        read.Parameters.Add(new NpgsqlParameter<string> { TypedValue = user.Username });
        if (await read.ExecuteScalarAsync(cancellationToken) is string hash && PasswordHash.Verify(user.Password, hash))
            return;

        await using var write = new NpgsqlCommand(writeSql, connection, transaction);
        write.Parameters.Add(new NpgsqlParameter<string> { TypedValue = user.Username });
        write.Parameters.Add(new NpgsqlParameter<string> { TypedValue = PasswordHash.Create(user.Password) });
        await write.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task WriteGrantAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, UserSpec user, CancellationToken cancellationToken)
    {
        const string grantSql = """
            INSERT INTO user_grant (username, role, building_id) VALUES ($1, $2, NULL)
            ON CONFLICT (username, role, building_id) DO NOTHING
            """;

        await using var grant = new NpgsqlCommand(grantSql, connection, transaction);
        grant.Parameters.Add(new NpgsqlParameter<string> { TypedValue = user.Username });
        grant.Parameters.Add(new NpgsqlParameter<string> { TypedValue = user.Role });
        await grant.ExecuteNonQueryAsync(cancellationToken);
    }
}
