using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.Functions.SensorData;

/// <summary>Registration of what takes readings over HTTP.</summary>
public static class SensorDataServices
{
    /// <summary>Adds the sender to the event hub.</summary>
    public static IServiceCollection AddSensorData(this IServiceCollection services)
    {
        services.AddSettings<SensorDataOptions>("SensorData")
            .Validate<IConfiguration>(
                (_, configuration) => !string.IsNullOrWhiteSpace(configuration["EventHubs"]),
                "Setting EventHubs: It is empty. Give the connection string of the Event Hubs namespace.");
        return services.AddSingleton<TelemetryHub>();
    }
}
