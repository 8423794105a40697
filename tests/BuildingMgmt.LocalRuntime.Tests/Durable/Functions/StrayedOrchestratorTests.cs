using BuildingMgmt.Testing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Functions;

public sealed class StrayedOrchestratorTests(PostgresFixture postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(nameof(StrayingOrchestrators.AwaitsBesideTimer), true)]
    [InlineData(nameof(StrayingOrchestrators.AwaitsBesideTimer), false)]
    [InlineData(nameof(StrayingOrchestrators.LeavesBesideEvent), true)]
    [InlineData(nameof(StrayingOrchestrators.LeavesBesideEvent), false)]
    [InlineData(nameof(StrayingOrchestrators.CancelsElsewhere), true)]
    public async Task An_orchestrator_that_goes_on_elsewhere_is_told_of_and_fails_at_once_whatever_it_has_open(string orchestrator, bool sessions)
    {
        using var log = new LogLines();
        await using var database = await postgres.CreateEmptyDatabaseAsync(Token);
        await using var app = await DurableApp.StartAsync(
            database,
            configure: builder =>
            {
                builder.Logging.AddProvider(log);
                ReleaseAfterStep(builder);
            },
            more: $",\"extendedSessionsEnabled\":{(sessions ? "true" : "false")}",
            functions: typeof(StrayingOrchestrators));

        var ended = await app.RunAsync(orchestrator);

        Assert.Contains(log.All, line => line.StartsWith($"Error: Orchestration {ended.InstanceId} ({orchestrator}) waits for something that is not a task", StringComparison.Ordinal));
        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Equal(typeof(InvalidOperationException).FullName, ended.FailureDetails!.ErrorType);
        Assert.Contains("not a task of its context", ended.FailureDetails.ErrorMessage, StringComparison.Ordinal);
    }

    private static void ReleaseAfterStep(FunctionsApplicationBuilder builder) => builder.UseMiddleware(async (context, next) =>
    {
        await next();
        context.InstanceServices.GetRequiredService<Deeds>().Release.TrySetResult();
    });
}

public static class StrayingOrchestrators
{
    [Function(nameof(AwaitsBesideTimer))]
    public static async Task AwaitsBesideTimer([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext function)
    {
        var timer = context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
        await function.InstanceServices.GetRequiredService<Deeds>().Release.Task;
        await timer;
    }

    [Function(nameof(LeavesBesideEvent))]
    public static async Task<string> LeavesBesideEvent([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext function)
    {
        var waits = context.WaitForExternalEvent<string>("never");
        await function.InstanceServices.GetRequiredService<Deeds>().Release.Task.ConfigureAwait(false);
        context.SetCustomStatus("elsewhere");
        return await waits;
    }

    [Function(nameof(CancelsElsewhere))]
    public static async Task CancelsElsewhere([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        using var cancel = new CancellationTokenSource();
        var timer = context.CreateTimer(TimeSpan.FromHours(1), cancel.Token);
        await cancel.CancelAsync();
        await timer;
    }
}
