using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.Functions.Auth;

/// <summary>Registration of sign-in and access control.</summary>
public static class AuthServices
{
    /// <summary>Adds what <see cref="AccessMiddleware"/> and <see cref="SignIn"/> need.</summary>
    public static IServiceCollection AddAuth(this IServiceCollection services)
    {
        services.AddSettings<AuthOptions>("Auth");
        services.AddSettings<RateLimitOptions>("RateLimits");
        return services
            .AddSingleton<AccessTokens>()
            .AddSingleton<RefreshSessions>()
            .AddSingleton<ClientAddresses>()
            .AddSingleton<SignInLimits>()
            .AddSingleton<RateLimits>()
            .AddSingleton<PasswordGate>()
            .AddSingleton<Credentials>();
    }
}
