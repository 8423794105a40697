using System.Collections.Concurrent;
using BuildingMgmt.LocalRuntime.Durable.Client;
using BuildingMgmt.LocalRuntime.Functions;
using BuildingMgmt.LocalRuntime.Tests.Hosting;
using BuildingMgmt.LocalStack.Setup;
using BuildingMgmt.Testing;
using DurableTask.Core.Exceptions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Functions;

public sealed class DurableHostTests(PostgresFixture postgres) : IAsyncLifetime
{
    private TestDatabase _database = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await postgres.CreateEmptyDatabaseAsync(Token);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Middleware_runs_around_every_step_and_every_activity_and_may_await()
    {
        var seen = new ConcurrentQueue<string>();
        await using var app = await DurableApp.StartAsync(_database, configure: builder => builder.UseMiddleware(async (context, next) =>
        {
            await Task.Yield();
            seen.Enqueue($"before {context.FunctionDefinition.Name} of {context.BindingContext.BindingData["instanceId"]}");
            await next();
            await Task.Yield();
            seen.Enqueue($"after {context.FunctionDefinition.Name} of {context.BindingContext.BindingData["instanceId"]}");
        }));

        var ended = await app.RunAsync(nameof(SampleOrchestrators.CallsTwoActivities));

        Assert.Equal("hall on 3, attic on 4", ended.ReadOutputAs<string>());
        Assert.Equal(3, seen.Count(text => text.StartsWith($"before CallsTwoActivities of {ended.InstanceId}", StringComparison.Ordinal)));
        Assert.Equal(2, seen.Count(text => text.StartsWith($"before Greets of {ended.InstanceId}", StringComparison.Ordinal)));
        Assert.Equal(5, seen.Count(text => text.StartsWith("after ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Middleware_that_throws_around_an_orchestrator_fails_it()
    {
        await using var app = await DurableApp.StartAsync(_database, configure: builder => builder.UseWhen(
            context => context.FunctionDefinition.Name == nameof(SampleOrchestrators.Parent),
            (_, _) => throw new UnauthorizedAccessException("not for you")));

        var ended = await app.RunAsync(nameof(SampleOrchestrators.Parent));

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Contains("not for you", ended.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","extendedSessionsEnabled":false,"maxConcurrentActivityFunctions":1,"maxConcurrentOrchestratorFunctions":1""")]
    public async Task An_orchestration_goes_on_where_it_was_when_its_host_starts_again(string more)
    {
        string id;
        await using (var first = await DurableApp.StartAsync(_database, more: more))
        {
            id = await first.Client.ScheduleNewOrchestrationInstanceAsync(nameof(SampleOrchestrators.CallsHeld), Token);
            await Eventually.TrueAsync(() => Task.FromResult(first.Deeds.Count("held") == 1), DurableApp.Deadline, "the second activity runs", Token);
            await first.Host.StopAsync();
        }

        await using var second = await DurableApp.StartAsync(_database, more: more);
        second.Deeds.Release.SetResult();
        var ended = await second.EndAsync(id);

        Assert.Equal("x", ended.ReadOutputAs<string>());
        Assert.Equal(["held"], second.Deeds.All);
    }

    [Fact]
    public async Task A_process_that_has_only_a_client_hears_of_the_end_of_what_another_one_ran()
    {
        await using var runs = await DurableApp.StartAsync(_database);
        await using var asks = await DurableApp.StartAsync(_database, functions: typeof(SampleStarters));
        var many = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => asks.RunAsync(nameof(SampleOrchestrators.CallsTwoActivities))));

        Assert.All(many, ended => Assert.Equal("hall on 3, attic on 4", ended.ReadOutputAs<string>()));
        Assert.Empty(asks.Deeds.All);
        Assert.Equal(40, runs.Deeds.All.Count);
    }

    [Fact]
    public async Task Who_waits_for_an_orchestration_that_does_not_exist_yet_is_told_when_it_has_ended()
    {
        await using var app = await DurableApp.StartAsync(_database);
        var early = app.EndAsync("later");
        var started = app.Client.WaitForInstanceStartAsync("later", Token);
        await app.Client.ScheduleNewOrchestrationInstanceAsync(nameof(SampleOrchestrators.Parent), new StartOrchestrationOptions("later"), Token);

        Assert.Equal(12, (await early).ReadOutputAs<int>());
        Assert.NotEqual(OrchestrationRuntimeStatus.Pending, (await started.WaitAsync(DurableApp.Deadline, Token)).RuntimeStatus);
        using var gone = new CancellationTokenSource();
        var vain = app.Client.WaitForInstanceCompletionAsync("never", gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => vain);
    }

    [Fact]
    public async Task What_is_sent_while_a_step_is_committed_is_not_left_lying()
    {
        await using var app = await DurableApp.StartAsync(_database);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            for (var i = 0; i < 15; i++)
            {
                // Each of these is likely to arrive in the middle of the step that the one before it has caused.
                var id = await app.Client.ScheduleNewOrchestrationInstanceAsync(nameof(SampleOrchestrators.WaitsForTwo), Token);
                await app.Client.SuspendInstanceAsync(id, "for a while", Token);
                await app.UntilAsync(id, state => state.RuntimeStatus == OrchestrationRuntimeStatus.Suspended, "it is suspended");
                await app.Client.RaiseEventAsync(id, "first", "a", Token);
                await app.Client.RaiseEventAsync(id, "second", "b", Token);
                await app.Client.ResumeInstanceAsync(id, "now", Token);
                Assert.Equal("a b", (await app.EndAsync(id)).ReadOutputAs<string>());
            }
        }));
    }

    [Fact]
    public async Task Hubs_of_one_database_do_not_see_each_other()
    {
        await using var one = await DurableApp.StartAsync(_database, "One");
        await using var two = await DurableApp.StartAsync(_database, "Two");
        var ended = await one.RunAsync(nameof(SampleOrchestrators.Parent));

        Assert.Equal("One", one.Client.Name);
        Assert.Null(await two.Client.GetInstanceAsync(ended.InstanceId, Token));
    }

    [Fact]
    public async Task An_id_is_taken_while_its_orchestration_runs_and_free_when_it_has_ended_unless_said_otherwise()
    {
        await using var app = await DurableApp.StartAsync(_database);
        var options = new StartOrchestrationOptions("the-one");
        await app.Client.ScheduleNewOrchestrationInstanceAsync(nameof(SampleOrchestrators.WaitsForTwo), options, Token);
        await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(
            () => app.Client.ScheduleNewOrchestrationInstanceAsync(nameof(SampleOrchestrators.Parent), options, Token));
        await app.Client.TerminateInstanceAsync("the-one", Token);
        await app.EndAsync("the-one");
        await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(() => app.Client.ScheduleNewOrchestrationInstanceAsync(
            nameof(SampleOrchestrators.Parent), options.WithDedupeStatuses(OrchestrationRuntimeStatus.Terminated), Token));

        await app.Client.ScheduleNewOrchestrationInstanceAsync(nameof(SampleOrchestrators.Parent), options, Token);

        Assert.Equal(12, (await app.EndAsync("the-one")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task An_app_without_durable_functions_needs_no_database()
    {
        await using var host = await TestHost.StartAsync([typeof(MiddlewareFunctions)]);

        Assert.NotNull(host.Http.BaseAddress);
    }

    [Fact]
    public async Task An_app_with_durable_functions_and_no_database_does_not_start()
    {
        foreach (var functions in new[] { typeof(SampleOrchestrators), typeof(SampleStarters) })
        {
            var error = await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.StartAsync([functions]));

            Assert.Contains("\"DurablePostgres\" is missing", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_host_whose_database_is_away_starts_and_its_orchestrations_begin_when_the_database_is_there()
    {
        var database = new NpgsqlConnectionStringBuilder(_database.ConnectionString);
        var port = Ports.TakeFree();
        var away = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Port = port };
        await using var app = await DurableApp.StartAsync(away.ConnectionString);
        var told = await Assert.ThrowsAsync<NpgsqlException>(
            () => app.Client.ScheduleNewOrchestrationInstanceAsync(nameof(SampleOrchestrators.Parent), Token));
        Assert.True(told.IsTransient);

        await using var relay = new Relay(database.Port, port: port);
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    return await app.Client.GetInstanceAsync("none", Token) is null;
                }
                catch (NpgsqlException)
                {
                    return false;
                }
            },
            DurableApp.Deadline, "the database is found", Token);

        Assert.Equal(12, (await app.RunAsync(nameof(SampleOrchestrators.Parent))).ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_host_whose_database_is_away_stops()
    {
        var away = new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Port = Ports.TakeFree() };
        var app = await DurableApp.StartAsync(away.ConnectionString);

        await app.Host.StopAsync().WaitAsync(DurableApp.Deadline, Token);
        await app.DisposeAsync();
    }

    [Fact]
    public async Task A_database_that_refuses_the_app_does_not_start()
    {
        var unknown = new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Database = "no_such_database" };

        var error = await Assert.ThrowsAsync<FunctionWorkerException>(() => DurableApp.StartAsync(unknown.ConnectionString));

        Assert.Contains("\"DurablePostgres\" cannot be used", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("two words", "\"extensions.durableTask.hubName\" is \"two words\"; a hub's name is a letter, then letters and digits, 3 to 45 in all")]
    [InlineData("%NoSuchSetting%", "\"NoSuchSetting\", which is missing")]
    public async Task A_hub_name_that_the_real_extension_refuses_does_not_start(string hub, string message)
    {
        var error = await Assert.ThrowsAsync<FunctionWorkerException>(() => DurableApp.StartAsync(_database, hub));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("extensions.durableTask.maxConcurrentActivityFunctions", "\"maxConcurrentActivityFunctions\":0")]
    [InlineData("extensions.durableTask.extendedSessionsEnabled", "\"extendedSessionsEnabled\":\"perhaps\"")]
    [InlineData("extensions.durableTask.tracing.distributedTracingEnabled", "\"tracing\":{\"distributedTracingEnabled\":true}")]
    public async Task A_setting_that_cannot_be_honoured_does_not_start(string path, string setting)
    {
        var error = await Assert.ThrowsAsync<FunctionWorkerException>(() => DurableApp.StartAsync(_database, more: $",{setting}"));

        Assert.Contains($"\"{path}\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_misspelt_setting_does_not_start_and_the_known_ones_are_named()
    {
        var error = await Assert.ThrowsAsync<FunctionWorkerException>(() => DurableApp.StartAsync(_database, more: ",\"maxConcurrentActivityFunction\":3"));

        Assert.Contains("\"extensions.durableTask.maxConcurrentActivityFunction\" is not honoured locally (known beside it: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("maxConcurrentActivityFunctions,", error.Message, StringComparison.Ordinal);
    }
}
