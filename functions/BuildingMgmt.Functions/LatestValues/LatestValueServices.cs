using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.Functions.LatestValues;

/// <summary>Registration of the latest values.</summary>
public static class LatestValueServices
{
    /// <summary>Adds reading, writing and repairing latest values. Needs the PostgreSQL pools and the catalogue.</summary>
    public static IServiceCollection AddLatestValues(this IServiceCollection services)
    {
        services.AddSettings<LatestValueOptions>("LatestValues")
            .PostConfigure<IConfiguration>((options, configuration) =>
            {
                if (options.ConnectionString.Length == 0)
                    options.ConnectionString = configuration["AzureWebJobsStorage"] ?? "";
            });
        services.AddSingleton<LatestValueTable>();
        services.AddSingleton<LatestValueChanges>();
        services.AddSingleton<NewestReadings>();
        services.AddSingleton<LatestValueReader>();
        services.AddSingleton<LatestValueWriter>();
        services.AddSingleton<LatestValueRepair>();
        return services.AddHostedService(provider => provider.GetRequiredService<LatestValueRepair>());
    }
}
