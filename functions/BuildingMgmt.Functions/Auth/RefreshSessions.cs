using System.Security.Cryptography;
using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.Auth;

/// <summary>A session that goes on: whose it is, with the grants of now, and the token to go on with next.</summary>
public sealed record RefreshedSession(string Name, IReadOnlyCollection<Grant> Grants, RefreshToken Token);

/// <summary>
/// Sessions of users, gone on with by a refresh token that is taken once: each use gives another. A token that was used before is in
/// two hands, so it ends its session, with all tokens that came of the same sign-in (RFC 9700, 4.14.2).
/// </summary>
public sealed class RefreshSessions(
    PostgresPools pools, IOptions<AuthOptions> options, TimeProvider time, ILogger<RefreshSessions> logger)
{
    private const int SessionsPerUserMax = 50;

    // Who did not get the answer asks again with the token just used. It gets the same successor, so that a thief who is as quick
    // wins nothing: of the two, the second to use that successor is found out.
    private static readonly TimeSpan RetryForgivenFor = TimeSpan.FromSeconds(10);

    private readonly byte[] successorKey = DeriveKey(options.Value);

    /// <summary>Begins a session; ended ones of the same user are forgotten, and the oldest of very many.</summary>
    public async Task<RefreshToken> BeginAsync(string username, CancellationToken cancellationToken)
    {
        const string forgetSql = """
            DELETE FROM refresh_session
            WHERE username = $1 AND (expires_at <= $2 OR session_id IN (
                SELECT session_id FROM refresh_session WHERE username = $1 ORDER BY rotated_at DESC OFFSET $3))
            """;
        const string beginSql = """
            INSERT INTO refresh_session (session_id, username, current_hash, rotated_at, expires_at) VALUES ($1, $2, $3, $4, $5)
            """;
        var token = RefreshToken.Create();
        var now = time.GetUtcNow();
        await using var batch = pools.Write.CreateBatch();
        batch.BatchCommands.Add(Command(forgetSql, One(username), One(now), One(SessionsPerUserMax - 1)));
        batch.BatchCommands.Add(Command(beginSql, One(token.SessionId), One(username), One(token.Hash), One(now), One(EndOfTokenOf(now))));
        await batch.ExecuteNonQueryAsync(cancellationToken);
        return token;
    }

    /// <summary>Takes a token and gives its successor.</summary>
    /// <returns>Null when its session is unknown or over, or its user may no longer sign in.</returns>
    public async Task<RefreshedSession?> RefreshAsync(RefreshToken token, CancellationToken cancellationToken)
    {
        await using var connection = await pools.Write.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await FindAsync(connection, token.SessionId, cancellationToken) is not { } session || session.ExpiresAt <= time.GetUtcNow())
            return null;

        var refreshed = await RotateAsync(connection, session, token, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return refreshed;
    }

    /// <summary>Ends the session of a token, be it the current one or one used before.</summary>
    public async Task EndAsync(Guid sessionId, CancellationToken cancellationToken)
    {
        await using var connection = await pools.Write.OpenConnectionAsync(cancellationToken);
        await EndAsync(connection, sessionId, cancellationToken);
    }

    private async Task<RefreshedSession?> RotateAsync(
        NpgsqlConnection connection, Session session, RefreshToken token, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var isRetry = token.Matches(session.PreviousHash) && now - session.RotatedAt <= RetryForgivenFor;
        if (!isRetry && !token.Matches(session.CurrentHash))
        {
            logger.RefreshTokenReused(session.Username);
            await EndAsync(connection, token.SessionId, cancellationToken);
            return null;
        }

        // A retry does not begin another ten seconds.
        var rotatedAt = isRetry ? session.RotatedAt : now;
        var next = token.Next(successorKey);
        await StoreAsync(connection, token, next, rotatedAt, cancellationToken);
        return new RefreshedSession(session.Username, session.Grants, next);
    }

    private async Task StoreAsync(
        NpgsqlConnection connection, RefreshToken token, RefreshToken next, DateTimeOffset rotatedAt, CancellationToken cancellationToken)
    {
        const string sql = """
            UPDATE refresh_session SET current_hash = $2, previous_hash = $3, rotated_at = $4, expires_at = $5 WHERE session_id = $1
            """;
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(One(token.SessionId));
        command.Parameters.Add(One(next.Hash));
        command.Parameters.Add(One(token.Hash));
        command.Parameters.Add(One(rotatedAt));
        command.Parameters.Add(One(EndOfTokenOf(rotatedAt)));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    // Locked, so that of two uses of one token the second sees what the first did.
    private static async Task<Session?> FindAsync(NpgsqlConnection connection, Guid sessionId, CancellationToken cancellationToken)
    {
        const string sql = """
            SELECT s.username, s.current_hash, s.previous_hash, s.rotated_at, s.expires_at, g.role, g.building_id
            FROM refresh_session s
            JOIN app_user u USING (username)
            LEFT JOIN user_grant g USING (username)
            WHERE s.session_id = $1 AND u.active
            FOR UPDATE OF s
            """;
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(One(sessionId));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        Session? session = null;
        while (await reader.ReadAsync(cancellationToken))
        {
            session ??= new Session(
                reader.GetString(0),
                reader.GetFieldValue<byte[]>(1),
                await reader.IsDBNullAsync(2, cancellationToken) ? null : reader.GetFieldValue<byte[]>(2),
                reader.GetFieldValue<DateTimeOffset>(3),
                reader.GetFieldValue<DateTimeOffset>(4),
                []);
            if (await GrantColumns.ReadAsync(reader, 5, cancellationToken) is { } grant)
                session.Grants.Add(grant);
        }

        return session;
    }

    private static async Task EndAsync(NpgsqlConnection connection, Guid sessionId, CancellationToken cancellationToken)
    {
        const string sql = "DELETE FROM refresh_session WHERE session_id = $1";
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(One(sessionId));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private DateTimeOffset EndOfTokenOf(DateTimeOffset begin) => begin.AddDays(options.Value.RefreshTokenDays);

    // The same in all instances without a setting more. Whoever has the signing key needs no refresh token.
    private static byte[] DeriveKey(AuthOptions options)
    {
        using var key = options.ReadSigningKey();
        var d = key.ExportParameters(includePrivateParameters: true).D!;
        return HKDF.DeriveKey(HashAlgorithmName.SHA256, d, 32, info: "building-mgmt refresh tokens"u8.ToArray());
    }

    private sealed record Session(
        string Username, byte[] CurrentHash, byte[]? PreviousHash, DateTimeOffset RotatedAt, DateTimeOffset ExpiresAt, List<Grant> Grants);
}
