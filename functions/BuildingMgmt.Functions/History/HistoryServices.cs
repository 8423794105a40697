using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.History;

/// <summary>Registration of the history.</summary>
public static class HistoryServices
{
    /// <summary>Adds the history of floors. Needs the catalogue and PostgreSQL.</summary>
    public static IServiceCollection AddHistory(this IServiceCollection services) =>
        services.AddSingleton(provider => new FloorHistory(
            provider.GetRequiredService<PostgresPools>(),
            provider.GetRequiredService<IOptions<PostgresOptions>>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<FloorHistory>>()));
}
