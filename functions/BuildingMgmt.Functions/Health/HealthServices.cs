using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.Functions.Health;

/// <summary>Registration of readiness and of what makes the app ready.</summary>
public static class HealthServices
{
    /// <summary>Adds readiness checks and the migration of the database at start.</summary>
    public static IServiceCollection AddHealth(this IServiceCollection services)
    {
        services.AddSingleton<Readiness>();
        services.AddSingleton<ApplyMigrations>();
        return services.AddHostedService(provider => provider.GetRequiredService<ApplyMigrations>());
    }
}
