using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>Builds a function app: its services, its middleware, then the host that runs it.</summary>
public class FunctionsApplicationBuilder : IHostApplicationBuilder, IFunctionsWorkerApplicationBuilder
{
    private readonly WebApplicationBuilder _web;
    private readonly List<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> _middleware = [];
    private bool _built;

    internal FunctionsApplicationBuilder(string[] args)
        : this(LocalHostSettings.OfEntryAssembly(args))
    {
    }

    internal FunctionsApplicationBuilder(LocalHostSettings settings)
    {
        Settings = settings;
        _web = LocalHost.CreateWebBuilder(settings);
    }

    /// <summary>Settings of the app.</summary>
    public ConfigurationManager Configuration => _web.Configuration;

    IConfigurationManager IHostApplicationBuilder.Configuration => Configuration;

    /// <summary>Where the app runs.</summary>
    public IHostEnvironment Environment => _web.Environment;

    /// <summary>The app's logging.</summary>
    public ILoggingBuilder Logging => _web.Logging;

    /// <summary>The app's metrics.</summary>
    public IMetricsBuilder Metrics => _web.Metrics;

    /// <summary>For parts of the builder to share things.</summary>
    public IDictionary<object, object> Properties => ((IHostApplicationBuilder)_web).Properties;

    /// <summary>The app's services.</summary>
    public IServiceCollection Services => _web.Services;

    internal LocalHostSettings Settings { get; }

    internal bool ServesHttp { get; set; }

    /// <summary>Builds the host. Once only.</summary>
    /// <exception cref="FunctionWorkerException">Functions or host.json hold something that cannot run; all of it is named.</exception>
    public IHost Build()
    {
        if (_built)
            throw new InvalidOperationException("The function app has been built already; make a new builder for another one.");
        _built = true;
        return LocalHost.Build(_web, Settings, _middleware, ServesHttp);
    }

    /// <summary>Uses another container for the app's services.</summary>
    public void ConfigureContainer<TContainerBuilder>(
        IServiceProviderFactory<TContainerBuilder> factory, Action<TContainerBuilder>? configure = null)
        where TContainerBuilder : notnull =>
        ((IHostApplicationBuilder)_web).ConfigureContainer(factory, configure);

    /// <summary>Adds a step at the end of the pipeline that every function runs in.</summary>
    public IFunctionsWorkerApplicationBuilder Use(Func<FunctionExecutionDelegate, FunctionExecutionDelegate> middleware)
    {
        if (_built)
            throw new InvalidOperationException("Middleware was added after the function app had been built; add it before Build().");
        _middleware.Add(middleware);
        return this;
    }
}
