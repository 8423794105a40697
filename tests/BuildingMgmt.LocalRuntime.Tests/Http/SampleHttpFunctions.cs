using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.LocalRuntime.Tests.Http;

/// <summary>What the functions tell the test.</summary>
public sealed class HttpSignals
{
    public TaskCompletionSource Began { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource GoOn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

public sealed record Greeting(string Text);

public sealed class SampleHttpFunctions(HttpSignals signals)
{
    private const AuthorizationLevel Anyone = AuthorizationLevel.Anonymous;

    [Function("Bound")]
    public static IResult Bound(
        [HttpTrigger(Anyone, "get", Route = "bound/{text}/{id:guid}/{number:int}/{large:long}/{flag:bool}")] HttpRequest request,
        string text, Guid id, int number, long large, bool flag, FunctionContext context, int? limit, string? missing, int page = 7) =>
        Results.Text($"{request.Method} {text} {id} {number} {large} {flag} {context.FunctionDefinition.Name} {limit} {missing ?? "-"} {page}");

    [Function("Unconstrained")]
    public static IResult Unconstrained([HttpTrigger(Anyone, "get", Route = "unconstrained/{id}")] HttpRequest request, Guid id) =>
        Results.Text($"{request.Path} {id}");

    [Function("ActionResult")]
    public static async Task<IActionResult> ActionResultAsync([HttpTrigger(Anyone, "post", Route = "action")] HttpRequest request)
    {
        var greeting = await request.ReadFromJsonAsync<Greeting>();
        return new ObjectResult(greeting) { StatusCode = StatusCodes.Status201Created };
    }

    [Function("ValueTaskResult")]
    public static ValueTask<IResult> ValueTaskResultAsync([HttpTrigger(Anyone, "get", Route = "value-task")] HttpRequest request) =>
        ValueTask.FromResult(Results.Json(new Greeting(request.Path)));

    [Function("Poco")]
    public static Greeting Poco([HttpTrigger(Anyone, "get", Route = "poco")] HttpRequest request) => new(request.Path);

    [Function("Home")]
    public static IResult Home([HttpTrigger(Anyone, "get", Route = "{ignored:maxlength(0)?}")] HttpRequest request) => Results.Text($"home {request.Path}");

    [Function("Named")]
    public static IResult Named([HttpTrigger(Anyone)] HttpRequest request) => Results.Text(request.Method);

    [Function("Throws")]
    public static IResult Throws([HttpTrigger(Anyone, "get", Route = "throws")] HttpRequest request) =>
        throw new InvalidOperationException($"on purpose at {request.Path}");

    [Function("Stream")]
    public async Task<IResult> StreamAsync([HttpTrigger(Anyone, "get", Route = "stream")] HttpRequest request, CancellationToken cancellationToken)
    {
        var response = request.HttpContext.Response;
        await response.WriteAsync("first\n", cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
        await signals.GoOn.Task.WaitAsync(cancellationToken);
        await response.WriteAsync("second\n", cancellationToken);
        return Results.Empty;
    }

    [Function("Slow")]
    public async Task<IResult> SlowAsync([HttpTrigger(Anyone, "get", Route = "slow")] HttpRequest request, CancellationToken cancellationToken)
    {
        signals.Began.TrySetResult();
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            signals.Cancelled.TrySetResult();
            throw;
        }

        return Results.Text(request.Path);
    }
}
