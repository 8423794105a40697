using BuildingMgmt.Functions.Orchestrations;
using BuildingMgmt.Functions.Tests.Api;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.Functions.Tests.Orchestrations;

/// <summary>What is asked of a client, portion by portion.</summary>
public sealed class OrchestrationPurgeTests : IDisposable
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 3, 31, 3, 41, 0, TimeSpan.Zero));
    private readonly RecordedLog log = new();
    private readonly LoggerFactory loggers;

    public OrchestrationPurgeTests() => loggers = new LoggerFactory([log]);

    [Fact]
    public async Task Portions_are_asked_for_until_none_is_left_and_logged_as_one()
    {
        await using var client = new PortionClient(new(200, false), new(100, null), new(5, true), new(7, true));
        Assert.Equal(305, await Purge().PurgeAsync(client, CancellationToken.None));
        Assert.Equal(3, client.Asked.Count);
        Assert.All(client.Asked, filter =>
        {
            Assert.Equal(time.GetUtcNow().AddDays(-30), filter.CreatedTo);
            Assert.Equal(
                [OrchestrationRuntimeStatus.Completed, OrchestrationRuntimeStatus.Failed, OrchestrationRuntimeStatus.Terminated], filter.Statuses);
            Assert.NotNull(filter.CreatedFrom);
            Assert.NotNull(filter.Timeout);
        });
        Assert.Contains("305", Assert.Single(log.Of(LogEvents.OrchestrationsPurged)).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(false)]
    public async Task Portion_that_removes_nothing_is_the_last(bool? isComplete)
    {
        await using var client = new PortionClient(new(0, isComplete), new(1, true));
        Assert.Equal(0, await Purge().PurgeAsync(client, CancellationToken.None));
        Assert.Empty(log.Of(LogEvents.OrchestrationsPurged));
    }

    [Fact]
    public async Task Purge_that_is_stopped_says_what_it_has_removed()
    {
        using var stop = new CancellationTokenSource();
        await using var client = new PortionClient(new(200, false), new(100, false)) { BeforeAnswer = stop.Cancel };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Purge().PurgeAsync(client, stop.Token));
        Assert.Contains("200", Assert.Single(log.Of(LogEvents.OrchestrationsPurged)).Text, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        loggers.Dispose();
        log.Dispose();
    }

    private OrchestrationPurge Purge() =>
        new(Options.Create(new OrchestrationOptions()), time, loggers.CreateLogger<OrchestrationPurge>());

    private sealed class PortionClient(params PurgeResult[] portions) : DurableTaskClient("Sample")
    {
        public List<PurgeInstancesFilter> Asked { get; } = [];

        public Action BeforeAnswer { get; init; } = () => { };

        public override Task<PurgeResult> PurgeAllInstancesAsync(
            PurgeInstancesFilter filter, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
        {
            cancellation.ThrowIfCancellationRequested();
            BeforeAnswer();
            Asked.Add(filter);
            return Task.FromResult(portions[Asked.Count - 1]);
        }

        public override Task<string> ScheduleNewOrchestrationInstanceAsync(
            TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default) =>
            throw new NotSupportedException();

        public override Task RaiseEventAsync(
            string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default) =>
            throw new NotSupportedException();

        public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(
            string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) => throw new NotSupportedException();

        public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
            string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) => throw new NotSupportedException();

        public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
            throw new NotSupportedException();

        public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
            throw new NotSupportedException();

        public override Task<OrchestrationMetadata?> GetInstancesAsync(
            string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) => throw new NotSupportedException();

        public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null) =>
            throw new NotSupportedException();

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
