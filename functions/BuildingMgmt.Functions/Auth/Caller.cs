namespace BuildingMgmt.Functions.Auth;

/// <summary>A role for one building, or for all when <see cref="BuildingId"/> is null.</summary>
public readonly record struct Grant(Roles Role, Guid? BuildingId);

/// <summary>Who sent a request, and what it may do. Immutable: many requests share one.</summary>
public sealed class Caller
{
    private readonly Roles everywhere;
    private readonly Dictionary<Guid, Roles> byBuilding;

    /// <summary>A caller with its grants.</summary>
    public Caller(string name, bool isGateway, IEnumerable<Grant> grants)
    {
        ArgumentNullException.ThrowIfNull(grants);
        Name = name;
        IsGateway = isGateway;
        RateLimitKey = isGateway ? $"gateway {name}" : $"user {name}";
        byBuilding = [];
        foreach (var grant in grants)
        {
            var roles = WithIncluded(grant.Role);
            if (grant.BuildingId is { } building)
                byBuilding[building] = byBuilding.GetValueOrDefault(building) | roles;
            else
                everywhere |= roles;
            Roles |= roles;
        }
    }

    /// <summary>User name, or gateway id.</summary>
    public string Name { get; }

    /// <summary>Whether <see cref="Name"/> is a gateway's id.</summary>
    public bool IsGateway { get; }

    /// <summary>Tells it from all other callers; a user and a gateway may have one name.</summary>
    public string RateLimitKey { get; }

    /// <summary>Roles held for at least one building.</summary>
    public Roles Roles { get; }

    /// <summary>The caller of a request that passed <see cref="AccessMiddleware"/>.</summary>
    /// <exception cref="InvalidOperationException">The function takes anonymous requests.</exception>
    public static Caller Of(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.HttpContext.Features.Get<Caller>()
            ?? throw new InvalidOperationException("This function takes anonymous requests, so there is no caller.");
    }

    /// <summary>Whether the caller holds one of the roles for this building.</summary>
    public bool May(Roles roles, Guid buildingId) =>
        (everywhere & roles) != 0 || (byBuilding.GetValueOrDefault(buildingId) & roles) != 0;

    /// <summary>The buildings for which the caller holds one of the roles; null means all.</summary>
    public Guid[]? BuildingsWith(Roles roles) =>
        (everywhere & roles) != 0 ? null : [.. byBuilding.Where(b => (b.Value & roles) != 0).Select(b => b.Key)];

    private static Roles WithIncluded(Roles role) => role switch
    {
        Roles.Admin => Roles.Admin | Roles.Engineer | Roles.Operator | Roles.Viewer | Roles.Ingest,
        Roles.Engineer => Roles.Engineer | Roles.Operator | Roles.Viewer | Roles.Ingest,
        Roles.Operator => Roles.Operator | Roles.Viewer,
        _ => role,
    };
}
