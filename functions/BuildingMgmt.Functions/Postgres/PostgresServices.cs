using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Postgres;

/// <summary>Registration of the PostgreSQL pools.</summary>
public static class PostgresServices
{
    /// <summary>Adds <see cref="PostgresPools"/> and its options.</summary>
    public static IServiceCollection AddPostgres(this IServiceCollection services)
    {
        services.AddSettings<PostgresOptions>("Postgres");
        // At Information Npgsql writes a line for every statement.
        services.AddLogging(logging => logging.AddFilter("Npgsql", LogLevel.Warning));
        return services.AddSingleton<PostgresPools>();
    }
}
