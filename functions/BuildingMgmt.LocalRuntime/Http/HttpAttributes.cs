using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Whose key a request must carry. Served here: <see cref="Anonymous"/> only.</summary>
public enum AuthorizationLevel
{
    /// <summary>None.</summary>
    Anonymous,

    /// <summary>A user's; not used by the Functions host any more.</summary>
    User,

    /// <summary>The function's.</summary>
    Function,

    /// <summary>The system's.</summary>
    System,

    /// <summary>The master key.</summary>
    Admin,
}

/// <summary>Runs the function for each matching HTTP request.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class HttpTriggerAttribute : TriggerBindingAttribute
{
    /// <summary>Any method, key of the function needed.</summary>
    public HttpTriggerAttribute() => AuthLevel = AuthorizationLevel.Function;

    /// <summary>The given methods, key of the function needed.</summary>
    public HttpTriggerAttribute(params string[] methods)
        : this() => Methods = methods;

    /// <summary>Any method.</summary>
    public HttpTriggerAttribute(AuthorizationLevel authLevel) => AuthLevel = authLevel;

    /// <summary>The given methods.</summary>
    public HttpTriggerAttribute(AuthorizationLevel authLevel, params string[] methods)
    {
        AuthLevel = authLevel;
        Methods = methods;
    }

    /// <summary>Route template below host.json's <c>routePrefix</c>; the function's name when null.</summary>
    public string? Route { get; set; }

    /// <summary>HTTP methods; null means all.</summary>
    public string[]? Methods { get; }

    /// <summary>Whose key a request must carry.</summary>
    public AuthorizationLevel AuthLevel { get; }
}

/// <summary>Marks the HTTP answer among several outputs.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class HttpResultAttribute : OutputBindingAttribute
{
}
