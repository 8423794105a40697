using Amqp;

namespace BuildingMgmt.EventHubsEndpoint.Security;

/// <summary>What one connection has proved that it may open, and until when.</summary>
/// <param name="provedKey">The peer gave the key itself, by SASL PLAIN: all is open, for as long as it is connected.</param>
internal sealed class Grants(SharedAccessKey key, TimeProvider time, bool provedKey)
{
    // A client shows one token for each entity that it opens; more than this many at once is no client.
    private const int TokensMax = 1_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, SasToken> _tokens = new(StringComparer.OrdinalIgnoreCase);
    private volatile bool _everGiven;

    /// <summary>Whether the peer ever showed something valid.</summary>
    public bool EverGiven => provedKey || _everGiven;

    /// <summary>Takes a token; a newer one for the same audience replaces the older.</summary>
    public SasToken.Verdict Add(string? text)
    {
        var verdict = SasToken.Read(text, key, time.GetUtcNow(), out var token);
        if (token is null)
            return verdict;
        lock (_lock)
        {
            _everGiven = true;
            if (_tokens.Count >= TokensMax)
                RemoveExpired();
            if (_tokens.Count < TokensMax || _tokens.ContainsKey(token.Audience))
                _tokens[token.Audience] = token;
        }
        return verdict;
    }

    /// <summary>Whether an entity, such as "telemetry/Partitions/0", is open now.</summary>
    public bool IsOpen(string entityPath)
    {
        if (provedKey)
            return true;
        var now = time.GetUtcNow();
        lock (_lock)
            return _tokens.Values.Any(token => token.ExpiresAt > now && token.Opens(entityPath));
    }

    /// <exception cref="AmqpException">It is not: <c>amqp:unauthorized-access</c>, for the peer to read.</exception>
    public void Demand(string entityPath)
    {
        if (!IsOpen(entityPath))
        {
            throw new AmqpException(ErrorCode.UnauthorizedAccess,
                $"Unauthorized access: no valid token for \"{entityPath}\" was put on this connection.");
        }
    }

    /// <exception cref="AmqpException">Nothing is open at all.</exception>
    public void DemandAny()
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            if (provedKey || _tokens.Values.Any(token => token.ExpiresAt > now))
                return;
        }
        throw new AmqpException(ErrorCode.UnauthorizedAccess, "Unauthorized access: no valid token was put on this connection.");
    }

    private void RemoveExpired()
    {
        var now = time.GetUtcNow();
        foreach (var (audience, token) in _tokens)
        {
            if (token.ExpiresAt <= now)
                _tokens.Remove(audience);
        }
    }
}
