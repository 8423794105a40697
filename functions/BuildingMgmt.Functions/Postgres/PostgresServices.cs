using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Postgres;

/// <summary>Registration of PostgreSQL: the pools, and the schema behind them.</summary>
public static class PostgresServices
{
    /// <summary>Adds <see cref="PostgresPools"/> and its options, and the migration of the database at start.</summary>
    public static IServiceCollection AddPostgres(this IServiceCollection services)
    {
        services.AddSettings<PostgresOptions>("Postgres");
        // At Information Npgsql writes a line for every statement.
        services.AddLogging(logging => logging.AddFilter("Npgsql", LogLevel.Warning));
        services.AddSingleton<PostgresPools>();
        services.AddSingleton<ApplyMigrations>();
        return services.AddHostedService(provider => provider.GetRequiredService<ApplyMigrations>());
    }
}
