using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.Functions.Health;

/// <summary>Registration of readiness.</summary>
public static class HealthServices
{
    /// <summary>Adds readiness checks. Needs the stores and the hub.</summary>
    public static IServiceCollection AddHealth(this IServiceCollection services) => services.AddSingleton<Readiness>();
}
