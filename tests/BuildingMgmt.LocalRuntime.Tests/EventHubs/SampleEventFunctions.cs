using System.Collections.Concurrent;
using Azure.Messaging.EventHubs;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.LocalRuntime.Tests.EventHubs;

/// <summary>What the functions of one host received, and how they should behave.</summary>
public sealed class ReceivedEvents
{
    private readonly ConcurrentQueue<(string Body, int Batch, int Retry)> _all = new();
    private int _batches;

    /// <summary>Throws from a run, given the bodies of its events and which retry it is.</summary>
    public Action<IReadOnlyList<string>, int> OnRun { get; set; } = (_, _) => { };

    /// <summary>Holds a run until it completes.</summary>
    public Func<CancellationToken, Task> Hold { get; set; } = _ => Task.CompletedTask;

    public IReadOnlyList<(string Body, int Batch, int Retry)> All => [.. _all];

    public IReadOnlyList<string> Bodies => [.. _all.Select(item => item.Body)];

    public Task AddAsync(IReadOnlyList<EventData> events, int retry, CancellationToken cancellationToken) =>
        AddAsync([.. events.Select(item => item.EventBody.ToString())], retry, cancellationToken);

    public async Task AddAsync(IReadOnlyList<string> bodies, int retry, CancellationToken cancellationToken)
    {
        var batch = Interlocked.Increment(ref _batches);
        foreach (var body in bodies)
            _all.Enqueue((body, batch, retry));
        await Hold(cancellationToken);
        OnRun(bodies, retry);
    }
}

public sealed class BatchFunction(ReceivedEvents received)
{
    [Function("Batch")]
    public Task RunAsync([EventHubTrigger("%Hub%", Connection = "EventHubs")] EventData[] events, FunctionContext context, CancellationToken cancellationToken) =>
        received.AddAsync(events, context.RetryContext.RetryCount, cancellationToken);
}

public sealed class SingleFunction(ReceivedEvents received)
{
    [Function("Single")]
    public Task RunAsync(
        [EventHubTrigger("%Hub%", Connection = "EventHubs", IsBatched = false)] EventData item, FunctionContext context, CancellationToken cancellationToken) =>
        received.AddAsync([item], context.RetryContext.RetryCount, cancellationToken);
}

public sealed class TwiceRetriedFunction(ReceivedEvents received)
{
    [Function("TwiceRetried")]
    [FixedDelayRetry(2, "00:00:00.050")]
    public Task RunAsync([EventHubTrigger("%Hub%", Connection = "EventHubs")] EventData[] events, FunctionContext context, CancellationToken cancellationToken) =>
        received.AddAsync(events, context.RetryContext.RetryCount, cancellationToken);
}

public sealed class ForeverRetriedFunction(ReceivedEvents received)
{
    [Function("ForeverRetried")]
    [ExponentialBackoffRetry(-1, "00:00:00.020", "00:00:00.100")]
    public Task RunAsync([EventHubTrigger("%Hub%", Connection = "EventHubs")] EventData[] events, FunctionContext context, CancellationToken cancellationToken) =>
        received.AddAsync(events, context.RetryContext.RetryCount, cancellationToken);
}

public sealed class BytesFunction(ReceivedEvents received)
{
    [Function("Bytes")]
    public Task RunAsync([EventHubTrigger("%Hub%", Connection = "EventHubs")] EventData[] events, CancellationToken cancellationToken) =>
        received.AddAsync([.. events.Select(item => Convert.ToHexString(item.Body.Span))], 0, cancellationToken);
}
