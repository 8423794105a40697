using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Functions;

/// <summary>What the functions of one host did.</summary>
public sealed class Deeds
{
    private readonly ConcurrentQueue<string> _all = new();

    public IReadOnlyCollection<string> All => [.. _all];

    /// <summary>Lets a held activity end.</summary>
    public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Add(string deed) => _all.Enqueue(deed);

    public int Count(string deed) => _all.Count(done => done == deed);
}

public sealed record Room(string Name, int Floor);

public static class SampleOrchestrators
{
    public static readonly TaskOptions Retried = TaskOptions.FromRetryPolicy(new RetryPolicy(3, TimeSpan.FromMilliseconds(10)));

    [Function(nameof(RetriesFlaky))]
    public static async Task<string> RetriesFlaky([OrchestrationTrigger] TaskOrchestrationContext context) =>
        await context.CallActivityAsync<string>(nameof(SampleActivities.FailsTwice), "x", Retried);

    [Function(nameof(CatchesFailure))]
    public static async Task<string> CatchesFailure([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        try
        {
            await context.CallActivityAsync(nameof(SampleActivities.AlwaysFails));
            return "nothing was thrown";
        }
        catch (TaskFailedException e)
        {
            return $"{e.TaskName}: {e.FailureDetails.ErrorType}: {e.FailureDetails.ErrorMessage}";
        }
    }

    [Function(nameof(Fails))]
    public static Task Fails([OrchestrationTrigger] TaskOrchestrationContext context) =>
        throw new InvalidOperationException($"{context.Name} cannot");

    [Function(nameof(Parent))]
    public static async Task<int> Parent([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var children = Enumerable.Range(1, 3).Select(i => context.CallSubOrchestratorAsync<int>(nameof(Doubles), i));
        return (await Task.WhenAll(children)).Sum();
    }

    [Function(nameof(Doubles))]
    public static int Doubles([OrchestrationTrigger] TaskOrchestrationContext context, int number) =>
        context.Parent is null ? -1 : number * 2;

    [Function(nameof(Sleeps))]
    public static async Task<bool> Sleeps([OrchestrationTrigger] TaskOrchestrationContext context, int milliseconds)
    {
        var before = context.CurrentUtcDateTime;
        await context.CreateTimer(TimeSpan.FromMilliseconds(milliseconds), CancellationToken.None);
        return context.CurrentUtcDateTime >= before.AddMilliseconds(milliseconds);
    }

    [Function(nameof(WaitsForTwo))]
    public static async Task<string> WaitsForTwo([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        context.SetCustomStatus(new Room("waits", 1));
        var first = await context.WaitForExternalEvent<string>("first");
        context.SetCustomStatus(new Room("has one", 2));
        return $"{first} {await context.WaitForExternalEvent<string>("second")}";
    }

    [Function(nameof(CountsDown))]
    public static async Task<string> CountsDown([OrchestrationTrigger] TaskOrchestrationContext context, int left)
    {
        var word = await context.WaitForExternalEvent<string>("word");
        context.SetCustomStatus($"{left} {word}");
        if (left == 0)
            return word;
        context.ContinueAsNew(left - 1);
        return "not seen";
    }

    [Function(nameof(HoldsChild))]
    public static Task HoldsChild([OrchestrationTrigger] TaskOrchestrationContext context) =>
        context.CallSubOrchestratorAsync(
            nameof(WaitsForTwo), options: new TaskOptions().WithInstanceId($"{context.InstanceId}-child"));

    [Function(nameof(CallsTwoActivities))]
    public static async Task<string> CallsTwoActivities([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var first = await context.CallActivityAsync<string>(nameof(SampleActivities.Greets), new Room("hall", 3));
        var second = await context.CallActivityAsync<string>(nameof(SampleActivities.Greets), new Room("attic", 4));
        return $"{first}, {second}";
    }

    [Function(nameof(CallsHeld))]
    public static async Task<string> CallsHeld([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        await context.CallActivityAsync<string>(nameof(SampleActivities.Greets), new Room("hall", 3));
        return await context.CallActivityAsync<string>(nameof(SampleActivities.Held), "x");
    }
}

public sealed class SampleActivities(Deeds deeds)
{
    [Function(nameof(FailsTwice))]
    public string FailsTwice([ActivityTrigger] string input)
    {
        deeds.Add("tried");
        return deeds.Count("tried") < 3 ? throw new TimeoutException("not yet") : $"{input} after {deeds.Count("tried")}";
    }

    [Function(nameof(AlwaysFails))]
    public static Task AlwaysFails([ActivityTrigger] FunctionContext context) =>
        throw new FormatException($"{context.FunctionDefinition.Name} is out of order");

    [Function(nameof(Greets))]
    public string Greets([ActivityTrigger] Room room, string instanceId, FunctionContext context)
    {
        deeds.Add($"greeted {room.Name} for {instanceId}, traced {context.TraceContext.TraceParent}, state {context.TraceContext.TraceState}");
        return string.Create(CultureInfo.InvariantCulture, $"{room.Name} on {room.Floor}");
    }

    [Function(nameof(Held))]
    public async Task<string> Held([ActivityTrigger] string input, CancellationToken cancellationToken)
    {
        deeds.Add("held");
        await deeds.Release.Task.WaitAsync(cancellationToken);
        return input;
    }
}

public static class SampleStarters
{
    [Function("Start")]
    public static async Task<IResult> Start(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "start/{name}")] HttpRequest request,
        string name,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var instanceId = await client.ScheduleNewOrchestrationInstanceAsync(name, cancellationToken);
        var ended = await client.WaitForInstanceCompletionAsync(instanceId, getInputsAndOutputs: true, cancellationToken);
        return Results.Text($"{request.Method} {ended.ReadOutputAs<string>()}");
    }
}
