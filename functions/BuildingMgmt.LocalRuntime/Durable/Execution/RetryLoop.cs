using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Durable.Execution;

/// <summary>Calls a task again when it has failed. Delays are timers of the orchestration, so they survive as it does; there is no jitter.</summary>
internal sealed class RetryLoop(TaskOrchestrationContext context, Action<string, int, TaskFailureDetails> onRetry)
{
    public Task<string?> RunAsync(string name, TaskRetryOptions? retry, Func<Task<string?>> call) => retry switch
    {
        { Policy: { } policy } => ByPolicyAsync(name, policy, call),
        { Handler: { } handler } => ByHandlerAsync(name, handler, call),
        _ => call(),
    };

    private async Task<string?> ByPolicyAsync(string name, RetryPolicy policy, Func<Task<string?>> call)
    {
        var start = context.CurrentUtcDateTime;
        for (var attempt = 1; ; attempt++)
        {
            TaskFailedException failed;
            try
            {
                return await call();
            }
            catch (TaskFailedException exception)
                when (attempt < policy.MaxNumberOfAttempts && !FailureTypes.IsFinal(exception.FailureDetails) && IsWanted(policy, exception))
            {
                failed = exception;
            }

            var now = context.CurrentUtcDateTime;
            if (policy.RetryTimeout != Timeout.InfiniteTimeSpan && now - start >= policy.RetryTimeout)
                throw failed;
            onRetry(name, attempt, failed.FailureDetails);
            await context.CreateTimer(Later(now, Delay(policy, attempt)), CancellationToken.None);
        }
    }

    private async Task<string?> ByHandlerAsync(string name, AsyncRetryHandler handler, Func<Task<string?>> call)
    {
        var start = context.CurrentUtcDateTime;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (TaskFailedException failed) when (!FailureTypes.IsFinal(failed.FailureDetails))
            {
                var known = new RetryContext(
                    context, attempt, failed.FailureDetails, context.CurrentUtcDateTime - start, CancellationToken.None);
                if (!await handler(known))
                    throw;
                onRetry(name, attempt, failed.FailureDetails);
            }
        }
    }

    // The task's own failure says more than one of the filter.
    private static bool IsWanted(RetryPolicy policy, TaskFailedException exception)
    {
        try
        {
            return policy.Handle(exception);
        }
        catch (Exception)
        {
            return false;
        }
    }

    private static TimeSpan Delay(RetryPolicy policy, int attempt)
    {
        var max = policy.MaxRetryInterval == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : policy.MaxRetryInterval;
        var milliseconds = policy.FirstRetryInterval.TotalMilliseconds * Math.Pow(policy.BackoffCoefficient, attempt - 1);
        return milliseconds < max.TotalMilliseconds ? TimeSpan.FromMilliseconds(milliseconds) : max;
    }

    private static DateTime Later(DateTime now, TimeSpan delay) =>
        delay < DateTime.MaxValue - now ? now + delay : DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc);
}
