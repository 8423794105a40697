using Microsoft.Azure.Functions.Worker.Middleware;

namespace BuildingMgmt.LocalRuntime.Functions;

/// <summary>The app's middleware with the function at its end, put together once.</summary>
internal sealed class FunctionPipeline
{
    private readonly FunctionExecutionDelegate _start;

    public FunctionPipeline(IReadOnlyList<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> middleware)
    {
        FunctionExecutionDelegate next = static context => ExecuteAsync((FunctionRun)context);
        for (var i = middleware.Count - 1; i >= 0; i--)
            next = middleware[i](next);
        _start = next;
    }

    public Task RunAsync(FunctionRun run) => _start(run);

    private static Task ExecuteAsync(FunctionRun run)
    {
        if (run.Inner is not { } inner)
            return InvokeAsync(run);
        inner();
        return Task.CompletedTask;
    }

    private static async Task InvokeAsync(FunctionRun run) => run.Result.Value = await run.Function.Invoke(run).ConfigureAwait(false);
}
