using BuildingMgmt.Functions.Health;
using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.Functions.Gateways;

/// <summary>Registration of what is told of gateways.</summary>
public static class GatewayServices
{
    /// <summary>Adds the queries of the API, and the notice of silent ones. Needs the PostgreSQL pools.</summary>
    public static IServiceCollection AddGateways(this IServiceCollection services) => services
        .AddSingleton<GatewayQueries>()
        .AddSingleton<IHealthNotice, SilentGatewayNotice>();
}
