using System.Collections.Concurrent;
using BuildingMgmt.Testing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Functions;

/// <summary>What an orchestrator's code meets around and between its steps.</summary>
public sealed class DurableStepTests(PostgresFixture postgres) : IAsyncLifetime
{
    private TestDatabase _database = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await postgres.CreateEmptyDatabaseAsync(Token);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Theory]
    [InlineData("")]
    [InlineData(""","extendedSessionsEnabled":false""")]
    public async Task Services_are_those_of_the_step_that_the_code_is_in(string more)
    {
        await using var app = await StartAsync(more);

        var ended = await app.RunAsync(nameof(OddOrchestrators.AsksForServices));

        Assert.Equal("in use, in use", ended.ReadOutputAs<string>());
    }

    [Fact]
    public async Task Middleware_that_calls_what_comes_next_twice_fails_the_orchestration()
    {
        await using var app = await StartAsync(twice: true);

        var ended = await app.RunAsync(nameof(OddOrchestrators.AsksForServices));

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Contains("called what comes next a second time", ended.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_activity_that_the_app_does_not_have_is_not_tried_again()
    {
        await using var app = await StartAsync();

        var ended = await app.RunAsync(nameof(OddOrchestrators.CallsNobody));

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Contains("The app has no activity \"Nobody\"", ended.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
        Assert.Single(app.Log.All, line => line.StartsWith("Warning: Activity Nobody", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Code_that_waits_for_what_is_not_of_its_context_is_told_of_at_once_and_fails_with_the_next_message()
    {
        await using var app = await StartAsync();
        var id = await app.App.Client.ScheduleNewOrchestrationInstanceAsync(nameof(OddOrchestrators.WaitsElsewhere), Token);
        await app.App.UntilAsync(id, state => state.SerializedCustomStatus is not null, "it waits");
        await Task.Run(OddOrchestrators.Outside.SetResult, Token);

        await Eventually.TrueAsync(
            () => Task.FromResult(app.Log.All.Any(line => line.Contains($"Orchestration {id} (WaitsElsewhere) waits for something that is not a task", StringComparison.Ordinal))),
            DurableApp.Deadline, "it is told of", Token);
        await app.App.Client.RaiseEventAsync(id, "n", 1, Token);
        var ended = await app.App.EndAsync(id);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Contains("is not a task of its context", ended.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_end_with_the_last_instance()
    {
        await using var app = await StartAsync();
        foreach (var id in new[] { "a", "b", "c", "d" })
            await app.App.Client.ScheduleNewOrchestrationInstanceAsync(nameof(OddOrchestrators.CallsNobody), new StartOrchestrationOptions(id), Token);
        var pages = new List<int>();
        await foreach (var page in app.App.Client.GetAllInstancesAsync(new OrchestrationQuery(PageSize: 2)).AsPages())
            pages.Add(page.Values.Count);
        var ids = await app.App.Client.ListInstanceIdsAsync(pageSize: 4, cancellation: Token);

        Assert.Equal([2, 2], pages);
        Assert.Equal((4, null), (ids.Values.Count, ids.ContinuationToken));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await app.App.Client.GetAllInstancesAsync().AsPages(pageSizeHint: 0).GetAsyncEnumerator(Token).MoveNextAsync());
    }

    private async Task<LoggedApp> StartAsync(string more = "", bool twice = false)
    {
        var log = new Lines();
        var app = await DurableApp.StartAsync(
            _database,
            configure: builder =>
            {
                builder.Services.AddScoped<Borrowed>();
                builder.Logging.AddProvider(log);
                if (twice)
                {
                    builder.UseMiddleware(async (_, next) =>
                    {
                        await next();
                        await next();
                    });
                }
            },
            more: more,
            functions: typeof(OddOrchestrators));
        return new(app, log);
    }

    private sealed record LoggedApp(DurableApp App, Lines Log) : IAsyncDisposable
    {
        public Task<OrchestrationMetadata> RunAsync(string orchestrator) => App.RunAsync(orchestrator);

        public ValueTask DisposeAsync() => App.DisposeAsync();
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public IReadOnlyCollection<string> All => [.. _lines];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue($"{logLevel}: {formatter(state, exception)}");

        public void Dispose()
        {
        }
    }
}

/// <summary>A service of a scope, which is of no use once the scope has ended.</summary>
public sealed class Borrowed : IDisposable
{
    private bool _ended;

    public string State => _ended ? "given back" : "in use";

    public void Dispose() => _ended = true;
}

public static class OddOrchestrators
{
    /// <summary>No task of any context.</summary>
    public static TaskCompletionSource Outside { get; } = new();

    [Function(nameof(AsksForServices))]
    public static async Task<string> AsksForServices([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext function)
    {
        var first = function.InstanceServices.GetRequiredService<Borrowed>().State;
        await context.CreateTimer(TimeSpan.FromMilliseconds(1), CancellationToken.None);
        return $"{first}, {function.InstanceServices.GetRequiredService<Borrowed>().State}";
    }

    [Function(nameof(CallsNobody))]
    public static Task CallsNobody([OrchestrationTrigger] TaskOrchestrationContext context) =>
        context.CallActivityAsync("Nobody", null, TaskOptions.FromRetryPolicy(new RetryPolicy(100, TimeSpan.FromMilliseconds(1))));

    [Function(nameof(WaitsElsewhere))]
    public static async Task<int> WaitsElsewhere([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var waits = context.WaitForExternalEvent<int>("n");
        context.SetCustomStatus("waits");
        await Outside.Task;
        return await waits;
    }
}
