using BuildingMgmt.Functions.Auth;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Dashboards;
using BuildingMgmt.Functions.DeadLetters;
using BuildingMgmt.Functions.Gateways;
using BuildingMgmt.Functions.Health;
using BuildingMgmt.Functions.History;
using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Functions.LatestValues;
using BuildingMgmt.Functions.Orchestrations;
using BuildingMgmt.Functions.Postgres;
using BuildingMgmt.Functions.RollUps;
using BuildingMgmt.Functions.SensorData;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Api;

/// <summary>Registration of the whole app, one line for each capability.</summary>
public static class ApiServices
{
    /// <summary>Adds everything that the functions need.</summary>
    public static IServiceCollection AddBuildingManagement(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSettings<ApiOptions>("Api");
        services.AddCors();
        services.AddSingleton<HttpFunctions>().AddSingleton<CrossOriginPolicy>().AddSingleton<ResponseHeaders>();
        services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 2 * 1024 * 1024;
            // Room for an access token of a caller with hundreds of grants, and little beside it.
            kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
            kestrel.Limits.MaxRequestHeaderCount = 64;
            kestrel.Limits.MaxRequestLineSize = 8 * 1024;
        });
        // With any log of it, hosting makes an Activity and a log scope for each request. Failures are logged by RequestMiddleware.
        services.AddLogging(logging => logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None));
        return services
            .AddPostgres()
            .AddCatalogueCache()
            .AddLatestValues()
            .AddIngest()
            .AddRollUps()
            .AddDeadLetters()
            .AddGateways()
            .AddOrchestrations()
            .AddAuth()
            .AddDashboards()
            .AddHistory()
            .AddHealth()
            .AddSensorData();
    }
}
