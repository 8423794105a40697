using BuildingMgmt.Database;
using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.Logging;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.Auth;

/// <summary>Who signed in, with what was granted.</summary>
public sealed record SignedIn(string Name, bool IsGateway, IReadOnlyCollection<Grant> Grants);

/// <summary>Checks names with passwords or secrets against the catalogue.</summary>
public sealed class Credentials(
    PostgresPools pools, PasswordGate gate, SignInLimits limits, ClientAddresses addresses, TimeProvider time, ILogger<Credentials> logger)
{
    // Long enough that a gateway which posts every few seconds costs no query, short enough that switching it off is felt.
    private static readonly TimeSpan GatewayCachedFor = TimeSpan.FromSeconds(10);
    private static readonly byte[] DecoyHash = GatewaySecret.Hash(GatewaySecret.Create());

    private readonly ExpiringCache<TokenHash, Caller> gateways = new(10_000, time);

    /// <summary>
    /// Checks a user's password or a gateway's secret; a user and a gateway of one name are told apart by what they give. A wrong one
    /// and an unknown name give the same answer in the same time.
    /// </summary>
    /// <returns>Null when refused.</returns>
    /// <exception cref="Api.ProblemException">429 when the name or address is locked, 503 when too many are waiting.</exception>
    public async Task<SignedIn?> SignInAsync(string name, string password, HttpContext http, CancellationToken cancellationToken)
    {
        var address = addresses.Of(http);
        var found = await FindAsync(name, cancellationToken);
        if (found.SecretHash is not null && GatewaySecret.Verify(password, found.SecretHash))
            return Accept(new SignedIn(name, IsGateway: true, found.GatewayGrants), address);
        limits.ThrowIfLocked(name, address);
        if (await gate.VerifyAsync(password, found.PasswordHash, cancellationToken))
            return Accept(new SignedIn(name, IsGateway: false, found.UserGrants), address);
        Refuse(name, address, isKnown: found.PasswordHash is not null || found.SecretHash is not null);
        return null;
    }

    /// <summary>Checks a gateway's secret.</summary>
    /// <returns>Null when there is no active gateway with this id and secret.</returns>
    /// <exception cref="Api.ProblemException">429 when the id or address is locked.</exception>
    public async Task<Caller?> FindGatewayAsync(string gatewayId, string secret, HttpContext http, CancellationToken cancellationToken)
    {
        var isCacheable = TokenHash.TryCompute($"{gatewayId}:{secret}", out var hash);
        if (isCacheable && gateways.TryGet(hash, out var known))
            return known;

        // A right secret is taken whatever was tried before: nobody guesses 128 random bits, and a lock by name would let
        // anybody shut a gateway out.
        var found = await FindAsync(gatewayId, cancellationToken);
        if (!GatewaySecret.Verify(secret, found.SecretHash ?? DecoyHash) || found.SecretHash is null)
        {
            var address = addresses.Of(http);
            limits.ThrowIfLocked(gatewayId, address);
            Refuse(gatewayId, address, isKnown: found.SecretHash is not null);
            return null;
        }

        var gateway = new Caller(gatewayId, isGateway: true, found.GatewayGrants);
        if (isCacheable)
            gateways.Set(hash, gateway, time.GetUtcNow() + GatewayCachedFor);
        return gateway;
    }

    private SignedIn Accept(SignedIn signedIn, string address)
    {
        limits.ForgetFailures(signedIn.Name, address);
        return signedIn;
    }

    private void Refuse(string name, string address, bool isKnown)
    {
        // People type passwords into the name's field: only a name that exists is written down.
        var written = isKnown ? name : "(unknown)";
        logger.SignInRefused(written, address);
        if (limits.CountFailure(name, address))
            logger.SignInLocked(written, address);
    }

    private async Task<Found> FindAsync(string name, CancellationToken cancellationToken)
    {
        // Both are always asked, in one round trip: the time must not tell which names exist.
        const string userSql = """
            SELECT u.password_hash, g.role, g.building_id
            FROM app_user u
            LEFT JOIN user_grant g USING (username)
            WHERE u.username = $1 AND u.active
            """;
        const string gatewaySql = """
            SELECT secret_hash, building_id FROM gateway WHERE gateway_id = $1 AND active
            """;

        await using var batch = pools.Read.CreateBatch();
        batch.BatchCommands.Add(Command(userSql, One(name)));
        batch.BatchCommands.Add(Command(gatewaySql, One(name)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);

        string? passwordHash = null;
        List<Grant> grants = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            passwordHash = reader.GetString(0);
            if (await GrantColumns.ReadAsync(reader, 1, cancellationToken) is { } grant)
                grants.Add(grant);
        }

        await reader.NextResultAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new Found(passwordHash, grants, reader.GetFieldValue<byte[]>(0), [new Grant(Roles.Gateway, reader.GetGuid(1))])
            : new Found(passwordHash, grants, null, []);
    }

    // Names of users and of gateways are given by different people: one that stands for both must shut neither out.
    private sealed record Found(
        string? PasswordHash, IReadOnlyCollection<Grant> UserGrants, byte[]? SecretHash, IReadOnlyCollection<Grant> GatewayGrants);
}
