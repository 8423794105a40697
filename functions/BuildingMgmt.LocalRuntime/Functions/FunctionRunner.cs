using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Functions;

/// <summary>How a triggered run ended.</summary>
internal enum RunEnd
{
    /// <summary>The function returned.</summary>
    Succeeded,

    /// <summary>It threw, and its retries are spent.</summary>
    Failed,

    /// <summary>It was told to stop: what it did is not to be relied on.</summary>
    Cancelled,
}

/// <summary>Runs a function for a trigger, with its retry attribute. Never throws what the function throws.</summary>
internal sealed class FunctionRunner(
    FunctionPipeline pipeline, IServiceScopeFactory scopes, HostTimes times, TimeProvider time, ILogger<FunctionRunner> logger)
{
    public async Task<RunEnd> RunAsync(
        LoadedFunction function, object input, BindingContext bindingContext, CancellationToken cancellationToken)
    {
        var maxRetryCount = function.Retry?.MaxRetryCount ?? 0;
        var failures = new FailureStreak(function.Name, time, logger);
        for (var attempt = 0; ; attempt++)
        {
            var retry = new RunRetry(attempt, maxRetryCount);
            var isLast = maxRetryCount >= 0 && attempt >= maxRetryCount;
            var failure = await TryRunAsync(function, input, bindingContext, retry, cancellationToken).ConfigureAwait(false);
            if (failure is not null)
                failures.Add(failure, retry, isLast);
            if (cancellationToken.IsCancellationRequested)
                return RunEnd.Cancelled;
            if (failure is null)
            {
                failures.End();
                return RunEnd.Succeeded;
            }

            if (isLast || function.Retry is not { } policy)
                return RunEnd.Failed;
            try
            {
                await Task.Delay(RetryDelay.Before(policy, attempt), time, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return RunEnd.Cancelled;
            }
        }
    }

    /// <returns>How the run failed; null when it returned or was told to stop.</returns>
    private async Task<RunFailure?> TryRunAsync(
        LoadedFunction function, object input, BindingContext bindingContext, RunRetry retry, CancellationToken cancellationToken)
    {
        using var timeout = times.StartTimeout(times.Timestamp);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout?.Token ?? CancellationToken.None);
        var scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            var run = new FunctionRun(function, scope.ServiceProvider, input, bindingContext, retry, either.Token);
            try
            {
                await pipeline.RunAsync(run).ConfigureAwait(false);
                return null;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                logger.RunCancelled(function.Name, run.InvocationId);
                return null;
            }
            catch (Exception e)
            {
                var ranOutOfTime = timeout is { IsCancellationRequested: true } && !cancellationToken.IsCancellationRequested;
                return new RunFailure(e, run.InvocationId, ranOutOfTime ? times.FunctionTimeout : null);
            }
        }
    }
}
