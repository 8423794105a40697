using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.Functions.Orchestrations;

/// <summary>Registration of what the app does with orchestrations.</summary>
public static class OrchestrationServices
{
    /// <summary>Adds <see cref="OrchestrationPurge"/> and its options.</summary>
    public static IServiceCollection AddOrchestrations(this IServiceCollection services)
    {
        services.AddSettings<OrchestrationOptions>("Orchestrations");
        return services.AddSingleton<OrchestrationPurge>();
    }
}
