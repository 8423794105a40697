using BuildingMgmt.LocalRuntime.Durable.Functions;
using BuildingMgmt.LocalRuntime.Tests.Hosting;
using BuildingMgmt.Testing;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Functions;

/// <summary>A host with the sample functions on a database.</summary>
internal sealed class DurableApp : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static readonly Type[] Functions = [typeof(SampleOrchestrators), typeof(SampleActivities), typeof(SampleStarters)];

    private DurableApp(TestHost host, Deeds deeds)
    {
        Host = host;
        Deeds = deeds;
    }

    public TestHost Host { get; }

    public Deeds Deeds { get; }

    public DurableTaskClient Client => Host.Services.GetRequiredService<DurableHub>().Client;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static Task<DurableApp> StartAsync(
        TestDatabase database, string hub = "Sample", Action<FunctionsApplicationBuilder>? configure = null, string more = "", params Type[] functions) =>
        StartAsync(database.ConnectionString, hub, configure, more, functions);

    public static async Task<DurableApp> StartAsync(
        string connectionString, string hub = "Sample", Action<FunctionsApplicationBuilder>? configure = null, string more = "", params Type[] functions)
    {
        var deeds = new Deeds();
        var host = await TestHost.StartAsync(
            functions.Length > 0 ? functions : Functions,
            builder =>
            {
                builder.Services.AddSingleton(deeds);
                configure?.Invoke(builder);
            },
            new Dictionary<string, string?> { ["DurablePostgres"] = connectionString },
            $$$"""{"version":"2.0","extensions":{"http":{"routePrefix":""},"durableTask":{"hubName":"{{{hub}}}"{{{more}}} } } }""");
        return new DurableApp(host, deeds);
    }

    /// <summary>Runs an orchestration to its end.</summary>
    public async Task<OrchestrationMetadata> RunAsync(string orchestrator, object? input = null)
    {
        var id = await Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, Token);
        return await EndAsync(id);
    }

    public Task<OrchestrationMetadata> EndAsync(string instanceId) =>
        Client.WaitForInstanceCompletionAsync(instanceId, getInputsAndOutputs: true, Token).WaitAsync(Deadline, Token);

    /// <summary>Waits until an orchestration is as it should be.</summary>
    public Task<OrchestrationMetadata> UntilAsync(string instanceId, Func<OrchestrationMetadata, bool> condition, string what) =>
        Eventually.ValueAsync(
            async () => await Client.GetInstanceAsync(instanceId, getInputsAndOutputs: true, Token) is { } state && condition(state) ? state : null,
            Deadline,
            what,
            Token);

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
