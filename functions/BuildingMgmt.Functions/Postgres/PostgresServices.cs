using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.Functions.Postgres;

/// <summary>Registration of the PostgreSQL pools.</summary>
public static class PostgresServices
{
    /// <summary>Adds <see cref="PostgresPools"/> and its options.</summary>
    public static IServiceCollection AddPostgres(this IServiceCollection services)
    {
        services.AddOptions<PostgresOptions>().BindConfiguration("Postgres").ValidateDataAnnotations().ValidateOnStart();
        return services.AddSingleton<PostgresPools>();
    }
}
