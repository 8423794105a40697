using BuildingMgmt.LocalRuntime.Functions;
using BuildingMgmt.LocalRuntime.Tests.Hosting;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Tests.Functions;

#pragma warning disable IDE0060 // The trigger's value is not looked at.
public static class ForeverFunction
{
    [Function("Forever")]
    [FixedDelayRetry(-1, "00:00:01")]
    public static Task Run([TimerTrigger("0 * * * * *")] TimerInfo timer, FunctionContext context) => Body.Of(context);
}

public static class TwiceFunction
{
    [Function("Twice")]
    [FixedDelayRetry(2, "00:00:01")]
    public static Task Run([TimerTrigger("0 * * * * *")] TimerInfo timer, FunctionContext context) => Body.Of(context);
}

public static class MinusTwoFunction
{
    [Function("MinusTwo")]
    [FixedDelayRetry(-2, "00:00:01")]
    public static Task Run([TimerTrigger("0 * * * * *")] TimerInfo timer, FunctionContext context) => Body.Of(context);
}

public static class NegativeFunction
{
    [Function("Negative")]
    [FixedDelayRetry(1, "-00:00:01")]
    public static Task Run([TimerTrigger("0 * * * * *")] TimerInfo timer, FunctionContext context) => Body.Of(context);
}

public static class UpsideDownFunction
{
    [Function("UpsideDown")]
    [ExponentialBackoffRetry(1, "00:00:30", "00:00:01")]
    public static Task Run([TimerTrigger("0 * * * * *")] TimerInfo timer, FunctionContext context) => Body.Of(context);
}

public static class WordyFunction
{
    [Function("Wordy")]
    [FixedDelayRetry(1, "a second")]
    public static Task Run([TimerTrigger("0 * * * * *")] TimerInfo timer, FunctionContext context) => Body.Of(context);
}
#pragma warning restore IDE0060

internal static class Body
{
    public static Task Of(FunctionContext context) => ((Func<FunctionContext, Task>)context.BindingContext.BindingData["body"]!)(context);
}

public sealed class RetryTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly RunnerFixture _runner = new();

    public void Dispose() => _runner.Dispose();

    [Fact]
    public async Task Store_that_is_away_for_an_hour_is_told_in_full_once_then_once_a_minute_and_so_is_its_return()
    {
        var began = _runner.Time.GetUtcNow();
        var end = await _runner.RunAsync(
            typeof(ForeverFunction),
            context => context.RetryContext!.RetryCount < 3_600 ? throw new TimeoutException("The store is away.") : Task.CompletedTask,
            Second);

        Assert.Equal(RunEnd.Succeeded, end);
        var lines = _runner.Log.Lines.ToArray();
        var (level, _, exception) = lines[0];
        Assert.Equal(LogLevel.Error, level);
        Assert.IsType<TimeoutException>(exception);
        Assert.InRange(lines.Length, 10, 3 + (int)(_runner.Time.GetUtcNow() - began).TotalMinutes);
        Assert.All(lines[1..^1], line => Assert.Equal((LogLevel.Warning, null), (line.Level, line.Exception)));
        Assert.All(lines[1..^1], line => Assert.EndsWith("with TimeoutException: The store is away.", line.Message, StringComparison.Ordinal));
        Assert.StartsWith("Function Forever works again; it failed for ", lines[^1].Message, StringComparison.Ordinal);
        Assert.EndsWith("(failures: 3600)", lines[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failure_that_turns_into_another_is_told_in_full_when_it_does()
    {
        await _runner.RunAsync(
            typeof(ForeverFunction),
            context => context.RetryContext!.RetryCount switch
            {
                < 300 => throw new InvalidOperationException("The batch cannot be stored.", new TimeoutException("The store is away.")),
                < 600 => throw new InvalidOperationException("The batch cannot be stored.", new KeyNotFoundException("The table is gone.")),
                _ => Task.CompletedTask,
            },
            Second);

        var told = _runner.Log.Lines.Where(line => line.Exception is not null).ToArray();
        Assert.Equal(["The store is away.", "The table is gone."], told.Select(line => line.Exception!.GetBaseException().Message));
        Assert.Contains("retry 300 of -1", told[1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failures_that_change_all_the_time_are_told_in_full_once_a_minute()
    {
        var began = _runner.Time.GetUtcNow();
        await _runner.RunAsync(
            typeof(ForeverFunction),
            context => context.RetryContext!.RetryCount is var count and < 600
                ? throw new TimeoutException($"No answer to request {count}.") : Task.CompletedTask,
            Second);

        var minutes = (int)(_runner.Time.GetUtcNow() - began).TotalMinutes;
        Assert.InRange(_runner.Log.Lines.Count(line => line.Exception is not null), 5, 1 + minutes);
    }

    [Fact]
    public async Task Failure_that_no_retry_is_left_for_is_told_in_full()
    {
        var end = await _runner.RunAsync(
            typeof(TwiceFunction), context => throw new InvalidOperationException($"try {context.RetryContext!.RetryCount}"), Second);

        Assert.Equal(RunEnd.Failed, end);
        Assert.Equal(["try 0", "try 2"], _runner.Log.Lines.Select(line => line.Exception?.Message));
        Assert.All(_runner.Log.Lines, line => Assert.Equal(LogLevel.Error, line.Level));
    }

    [Fact]
    public async Task Function_that_never_failed_is_not_told_of()
    {
        Assert.Equal(RunEnd.Succeeded, await _runner.RunAsync(typeof(TwiceFunction), _ => Task.CompletedTask, Second));

        Assert.Empty(_runner.Log.Lines);
    }

    [Fact]
    public void Backoff_begins_at_its_minimum_doubles_within_a_fifth_and_stays_at_its_maximum()
    {
        var retry = new ExponentialBackoffRetryAttribute(-1, "00:00:01", "00:00:30");

        Assert.Equal(Second, RetryDelay.Before(retry, 0));
        for (var attempt = 1; attempt <= 4; attempt++)
        {
            var doubled = Math.Pow(2, attempt - 1);
            Assert.InRange(RetryDelay.Before(retry, attempt).TotalSeconds, 1 + (0.8 * doubled), 1 + (1.2 * doubled));
        }

        Assert.All([7, 8, 40, int.MaxValue], attempt => Assert.Equal(TimeSpan.FromSeconds(30), RetryDelay.Before(retry, attempt)));
    }

    [Theory]
    [InlineData(typeof(MinusTwoFunction), "a retry count of -2")]
    [InlineData(typeof(NegativeFunction), "retry intervals of -00:00:01 to -00:00:01")]
    [InlineData(typeof(UpsideDownFunction), "retry intervals of 00:00:30 to 00:00:01")]
    [InlineData(typeof(WordyFunction), "is not of the form hh:mm:ss")]
    public async Task Retry_attribute_that_cannot_be_followed_stops_the_start_and_is_named(Type functionClass, string reason)
    {
        var error = await Assert.ThrowsAsync<FunctionWorkerException>(() => TestHost.StartAsync([functionClass]));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains(functionClass.Name, error.Message, StringComparison.Ordinal);
    }
}
