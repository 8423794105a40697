using System.Collections.Concurrent;
using System.Diagnostics;
using BuildingMgmt.LocalRuntime.Durable.Workers;
using BuildingMgmt.Testing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Functions;

/// <summary>Spans of one trace, from the request that starts an orchestration to the activities of its sub-orchestrations.</summary>
public sealed class DurableTraceTests(PostgresFixture postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData(""","extendedSessionsEnabled":false""")]
    public async Task Steps_activities_and_sub_orchestrations_belong_to_the_trace_of_the_request_that_started_them(string more)
    {
        var (traceId, caller) = (ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom());
        using var spans = new Spans(traceId);
        await using var database = await postgres.CreateEmptyDatabaseAsync(Token);
        await using var app = await DurableApp.StartAsync(
            database, more: more, functions: [typeof(TracedOrchestrators), typeof(SampleActivities), typeof(SampleStarters)]);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"start/{nameof(TracedOrchestrators.TracedParent)}");
        request.Headers.Add("traceparent", $"00-{traceId}-{caller}-01");
        request.Headers.Add("tracestate", "vendor=7");
        using var answer = await app.Host.Http.SendAsync(request, Token);
        Assert.Equal("POST hall on 1", await answer.Content.ReadAsStringAsync(Token));
        await app.Host.StopAsync();

        var parents = spans.Of("orchestration:TracedParent");
        var children = spans.Of("orchestration:TracedChild");
        var activities = spans.Of("activity:Greets");
        var server = Assert.Single(spans.All, span => span.ParentSpanId == caller);
        Assert.All(parents.Concat(children).Concat(activities), span => Assert.Equal("vendor=7", span.TraceStateString));
        Assert.Equal((2, 2, 1), (parents.Count, children.Count, activities.Count));
        Assert.All(parents, step => Assert.Equal(server.SpanId, step.ParentSpanId));
        Assert.All(children, step => Assert.Equal(parents[0].SpanId, step.ParentSpanId));
        Assert.Equal(children[0].SpanId, activities[0].ParentSpanId);
        Assert.EndsWith(", state vendor=7", Assert.Single(app.Deeds.All), StringComparison.Ordinal);
        Assert.Equal(activities[0].SpanId.ToHexString(), Assert.Single(app.Deeds.All).Split('-')[^2]);
    }

    [Fact]
    public async Task Spans_say_whose_they_are_and_whether_it_failed()
    {
        using var trace = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        using var spans = new Spans(trace.TraceId);
        await using var database = await postgres.CreateEmptyDatabaseAsync(Token);
        await using var app = await DurableApp.StartAsync(database, functions: [typeof(TracedOrchestrators), typeof(SampleActivities)]);
        var ended = await app.RunAsync(nameof(TracedOrchestrators.TracedFailure));
        await app.Host.StopAsync();

        var activity = Assert.Single(spans.Of("activity:AlwaysFails"));
        var steps = spans.Of("orchestration:TracedFailure");
        Assert.Equal([ActivityStatusCode.Unset, ActivityStatusCode.Error], steps.Select(step => step.Status));
        Assert.Equal((ActivityStatusCode.Error, "AlwaysFails is out of order"), (activity.Status, activity.StatusDescription));
        Assert.All(steps.Append(activity), span => Assert.Equal(ended.InstanceId, span.GetTagItem("durabletask.task.instance_id")));
        Assert.Equal(("activity", "AlwaysFails", 0), (activity.GetTagItem("durabletask.type"), activity.GetTagItem("durabletask.task.name"), activity.GetTagItem("durabletask.task.task_id")));
    }

    /// <summary>Those of one trace, in the order in which they began.</summary>
    private sealed class Spans : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _all = new();
        private readonly ActivityListener _listener;

        public Spans(ActivityTraceId trace)
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name is DurableTracing.SourceName or "Microsoft.AspNetCore",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStarted = span =>
                {
                    if (span.TraceId == trace)
                        _all.Enqueue(span);
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public IReadOnlyCollection<Activity> All => [.. _all];

        public IReadOnlyList<Activity> Of(string name) => [.. _all.Where(span => span.OperationName == name)];

        public void Dispose() => _listener.Dispose();
    }
}

public static class TracedOrchestrators
{
    [Function(nameof(TracedParent))]
    public static Task<string> TracedParent([OrchestrationTrigger] TaskOrchestrationContext context) =>
        context.CallSubOrchestratorAsync<string>(nameof(TracedChild));

    [Function(nameof(TracedChild))]
    public static Task<string> TracedChild([OrchestrationTrigger] TaskOrchestrationContext context) =>
        context.CallActivityAsync<string>(nameof(SampleActivities.Greets), new Room("hall", 1));

    [Function(nameof(TracedFailure))]
    public static Task TracedFailure([OrchestrationTrigger] TaskOrchestrationContext context) =>
        context.CallActivityAsync(nameof(SampleActivities.AlwaysFails));
}
