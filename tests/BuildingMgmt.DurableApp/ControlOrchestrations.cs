using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace BuildingMgmt.DurableApp;

/// <summary>What tests and benchmarks do through a process.</summary>
public static class ControlOrchestrations
{
    [Function(nameof(Alive))]
    public static IResult Alive([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "alive")] HttpRequest request) =>
        Results.Text(request.Host.Value ?? "");

    /// <summary>Starts one under the given id with the number as its input; 409 when it is there already.</summary>
    [Function(nameof(Start))]
    public static async Task<IResult> Start(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "{name}/{id}/{input:int}")] HttpRequest _,
        string name,
        string id,
        int input,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        if (await client.GetInstanceAsync(id, cancellationToken) is not null)
            return Results.Conflict();
        await client.ScheduleNewOrchestrationInstanceAsync(name, input, new StartOrchestrationOptions(id), cancellationToken);
        return Results.Accepted();
    }

    /// <summary>Starts one and answers with its output.</summary>
    [Function(nameof(StartAndWait))]
    public static async Task<IResult> StartAndWait(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "{name}/{input:int}")] HttpRequest _,
        string name,
        int input,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var id = await client.ScheduleNewOrchestrationInstanceAsync(name, input, cancellationToken);
        var ended = await client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, cancellationToken);
        return Results.Text($"{ended.RuntimeStatus} {ended.SerializedOutput}");
    }

    [Function(nameof(Raise))]
    public static async Task<IResult> Raise(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "events/{id}/{name}/{payload:int}")] HttpRequest _,
        string id,
        string name,
        int payload,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        await client.RaiseEventAsync(id, name, payload, cancellationToken);
        return Results.Accepted();
    }

    /// <summary>Status, custom status and output, as text.</summary>
    [Function(nameof(Status))]
    public static async Task<IResult> Status(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "status/{id}")] HttpRequest _,
        string id,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) =>
        await client.GetInstanceAsync(id, getInputsAndOutputs: true, cancellationToken) is { } instance
            ? Results.Text($"{instance.RuntimeStatus} {instance.SerializedCustomStatus} {instance.SerializedOutput}")
            : Results.NotFound();
}
