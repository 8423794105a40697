using BuildingMgmt.LocalRuntime.Configuration;
using BuildingMgmt.LocalRuntime.Functions;
using BuildingMgmt.LocalRuntime.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace BuildingMgmt.LocalRuntime.Hosting;

/// <summary>Puts a function app together: configuration, services, functions, pipeline, server and triggers.</summary>
internal static class LocalHost
{
    /// <summary>Time for running functions to end when the host goes down.</summary>
    public static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(8);

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
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = DrainTime);
        builder.Services.AddSingleton(settings.Time);
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
        var functions = FunctionDiscovery.Find(settings.FunctionTypes);
        var pipeline = new FunctionPipeline(middleware);
        var httpFunctions = functions.Where(function => function.Trigger is HttpTriggerAttribute).ToList();
        if (httpFunctions.Count > 0 && !servesHttp)
        {
            throw new FunctionWorkerException(
                $"Function \"{httpFunctions[0].Name}\" has an HTTP trigger, but the app does not serve HTTP: "
                + "call builder.ConfigureFunctionsWebApplication().");
        }

        var app = builder.Build();
        var http = ActivatorUtilities.CreateInstance<HttpFunctions>(app.Services, pipeline);
        ((IEndpointRouteBuilder)app).DataSources.Add(http.Endpoints(httpFunctions, routePrefix: ""));
        return app;
    }
}
