using System.Reflection;

namespace BuildingMgmt.Functions.Auth;

/// <summary>What a caller may do. Granted for all or for named buildings; the higher ones include the lower ones.</summary>
[Flags]
public enum Roles
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Reads dashboards, history and the catalogue.</summary>
    Viewer = 1,

    /// <summary>Controls devices, and what a viewer may.</summary>
    Operator = 2,

    /// <summary>Changes the catalogue, sees dead letters, and what an operator may.</summary>
    Engineer = 4,

    /// <summary>Administers users, and what an engineer may.</summary>
    Admin = 8,

    /// <summary>Sends readings over HTTP, and nothing else.</summary>
    Ingest = 16,

    /// <summary>A gateway with its own credential: sends its readings.</summary>
    Gateway = 32,
}

/// <summary>Everybody may call this function, without a token.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AllowAnonymousAccessAttribute : Attribute
{
    /// <summary>Whether requests count toward the limit of their address. Default true; a probe must be answered however many there are.</summary>
    public bool IsLimited { get; init; } = true;
}

/// <summary>Only callers with one of these roles, for some building, may call this function.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresRoleAttribute(Roles roles) : Attribute
{
    /// <summary>One of them is enough.</summary>
    public Roles Roles { get; } = roles;
}

/// <summary>Who may call a function. <see cref="Roles.None"/> is everybody.</summary>
public sealed record AccessRule(Roles Roles)
{
    /// <summary>Whether requests count toward the limit of their address while they have no caller.</summary>
    public bool IsLimited { get; init; } = true;

    /// <summary>No token needed.</summary>
    public bool IsAnonymous => Roles == Roles.None;

    /// <summary>Whether a gateway may come with its id and secret by HTTP Basic instead of a token.</summary>
    public bool AcceptsBasic => (Roles & Roles.Gateway) != 0;

    /// <summary>The rule on a function's method; null when it has none or two that disagree, which the start refuses.</summary>
    public static AccessRule? Of(MethodInfo method)
    {
        ArgumentNullException.ThrowIfNull(method);
        return (method.GetCustomAttribute<AllowAnonymousAccessAttribute>(), method.GetCustomAttribute<RequiresRoleAttribute>()?.Roles ?? Roles.None) switch
        {
            ({ } anonymous, Roles.None) => new AccessRule(Roles.None) { IsLimited = anonymous.IsLimited },
            (null, not Roles.None and var roles) => new AccessRule(roles),
            _ => null,
        };
    }
}
