using System.Collections.Concurrent;
using BuildingMgmt.LocalRuntime.Functions;
using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.LocalRuntime.Tests.Functions;

/// <summary>A runner without triggers: the test starts the runs, and moves the clock.</summary>
internal sealed class RunnerFixture : IDisposable
{
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private readonly ServiceProvider _services = new ServiceCollection().BuildServiceProvider();
    private readonly HostTimes _times;
    /// <param name="functionTimeout">As in host.json; none when it is null.</param>
    public RunnerFixture(TimeSpan? functionTimeout = null)
    {
        _times = new HostTimes(_lifetime, functionTimeout ?? Timeout.InfiniteTimeSpan, Time);
        Runner = new FunctionRunner(
            new FunctionPipeline([]), _services.GetRequiredService<IServiceScopeFactory>(), _times, Time, Log);
    }

    public FunctionRunner Runner { get; }

    public FakeTimeProvider Time { get; } = new();

    public RunnerLog Log { get; } = new();

    /// <summary>Runs a class's only function, and moves the clock on until it has ended.</summary>
    public async Task<RunEnd> RunAsync(Type functionClass, Func<FunctionContext, Task> body, TimeSpan step)
    {
        var running = Runner.RunAsync(
            Assert.Single(FunctionDiscovery.Find([functionClass])), new TimerInfo(),
            new RunBindingContext(new Dictionary<string, object?> { ["body"] = body }), TestContext.Current.CancellationToken);
        while (!running.IsCompleted)
        {
            Time.Advance(step);
            await Task.Yield();
        }

        return await running;
    }

    /// <summary>A run of a class's only function as for an HTTP request, which the test leads itself.</summary>
    public FunctionRun BeginHttpRun(Type functionClass) =>
        new(Assert.Single(FunctionDiscovery.Find([functionClass])), new DefaultHttpContext(), _times);

    public void Dispose()
    {
        _times.Dispose();
        _services.Dispose();
    }
}

/// <summary>Keeps what the runner logs.</summary>
internal sealed class RunnerLog : ILogger<FunctionRunner>
{
    public ConcurrentQueue<(LogLevel Level, string Message, Exception? Exception)> Lines { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue((logLevel, formatter(state, exception), exception));
}
