using System.Text.Json;
using BuildingMgmt.LocalRuntime.Configuration;
using BuildingMgmt.LocalRuntime.Durable.Functions;
using BuildingMgmt.LocalRuntime.EventHubs;
using BuildingMgmt.LocalRuntime.Functions;
using BuildingMgmt.LocalRuntime.Http;
using BuildingMgmt.LocalRuntime.Storage;
using BuildingMgmt.LocalRuntime.Timer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.LocalRuntime.Hosting;

/// <summary>Puts a function app together: configuration, services, functions, pipeline, server and triggers.</summary>
internal static class LocalHost
{
    public static WebApplicationBuilder CreateWebBuilder(LocalHostSettings settings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = settings.FunctionTypes.Count > 0 ? settings.FunctionTypes[0].Assembly.GetName().Name : null,
            ContentRootPath = settings.Folder,
        });
        builder.Configuration.Sources.Clear();
        builder.Configuration
            .AddInMemoryCollection(LocalSettings.Read(settings.Folder))
            .AddEnvironmentVariables("ASPNETCORE_")
            .AddEnvironmentVariables()
            .AddCommandLine(settings.Args)
            .AddInMemoryCollection(settings.Configuration);

        // One line a request would drown what the app itself says.
        builder.Logging
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information)
            .AddFilter("Azure", LogLevel.Warning);
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            console.UseUtcTimestamp = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        builder.Services.Configure<HostOptions>(options =>
        {
            options.ShutdownTimeout = HostTimes.Shutdown;

            // HTTP and every trigger drain at the same time.
            options.ServicesStopConcurrently = true;
        });
        builder.Services.AddSingleton(settings.Time);

        // The real worker's default; the app may configure more.
        builder.Services.Configure<JsonSerializerOptions>(json => json.PropertyNameCaseInsensitive = true);
        builder.Services.AddMvcCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddRouting();
        return builder;
    }

    public static IHost Build(
        WebApplicationBuilder builder,
        LocalHostSettings settings,
        IReadOnlyList<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> middleware,
        bool servesHttp)
    {
        var hostJson = HostJson.Read(settings.Folder);
        var functions = new LoadedFunctions(FunctionDiscovery.Find(settings.FunctionTypes));
        if (!servesHttp && functions.Of<HttpTriggerAttribute>().FirstOrDefault().Function is { } unserved)
        {
            throw new FunctionWorkerException(
                $"Function {unserved} has an HTTP trigger, but the app does not serve HTTP: call builder.ConfigureFunctionsWebApplication().");
        }

        foreach (var (category, level) in hostJson.LogLevels)
            builder.Configuration[$"Logging:LogLevel:{(category == "default" ? "Default" : category)}"] ??= level;
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        builder.Services
            .AddSingleton(functions)
            .AddSingleton(hostJson.EventHubs)
            .AddSingleton(new FunctionPipeline(middleware))
            .AddSingleton(services => new HostTimes(
                services.GetRequiredService<IHostApplicationLifetime>(), hostJson.FunctionTimeout, settings.Time))
            .AddSingleton<HostStorage>()
            .AddSingleton<FunctionRunner>()
            .AddSingleton<HttpFunctions>()
            .AddSingleton(services => new AppPayloads(new JsonDataConverter(services.GetRequiredService<IOptions<JsonSerializerOptions>>().Value)))
            .AddSingleton(hostJson.Durable)
            .AddSingleton<DurableFunctions>()
            .AddSingleton<DurableHub>()

            // Before those whose functions use its client.
            .AddHostedService<DurableHosting>()
            .AddHostedService<EventHubTriggers>()
            .AddHostedService<TimerTriggers>();
        if (DurableHub.IsUsedBy(functions))
            DurableConnection.Check(builder.Services);
        if (settings.WatchStandardInput)
            builder.Services.AddHostedService<ParentWatch>();

        var app = builder.Build();
        if (hostJson.HasStorageProvider)
            app.Services.GetRequiredService<ILoggerFactory>().CreateLogger<HostJson>().StorageProviderIgnored();
        ((IEndpointRouteBuilder)app).DataSources.Add(app.Services.GetRequiredService<HttpFunctions>().Endpoints(hostJson.RoutePrefix));
        return app;
    }
}
