using BuildingMgmt.LocalRuntime.Functions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Tests.Functions;

#pragma warning disable IDE0060 // The trigger's value is not looked at.
public static class ForeverFunction
{
    [Function("Forever")]
    [FixedDelayRetry(-1, "00:00:01")]
    public static void Run([TimerTrigger("0 * * * * *")] TimerInfo timer, FunctionContext context) => Body.Of(context);
}

public static class TwiceFunction
{
    [Function("Twice")]
    [FixedDelayRetry(2, "00:00:01")]
    public static void Run([TimerTrigger("0 * * * * *")] TimerInfo timer, FunctionContext context) => Body.Of(context);
}
#pragma warning restore IDE0060

internal static class Body
{
    public static void Of(FunctionContext context) => ((Action<FunctionContext>)context.BindingContext.BindingData["body"]!)(context);
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
            context =>
            {
                if (context.RetryContext!.RetryCount < 3_600)
                    throw new TimeoutException("The store is away.");
            },
            Second);

        Assert.Equal(RunEnd.Succeeded, end);
        var lines = _runner.Log.Lines.ToArray();
        var (level, _, exception) = lines[0];
        Assert.Equal(LogLevel.Error, level);
        Assert.IsType<TimeoutException>(exception);
        Assert.InRange(lines.Length, 10, 3 + (int)(_runner.Time.GetUtcNow() - began).TotalMinutes);
        Assert.All(lines[1..^1], line => Assert.Equal((LogLevel.Warning, null), (line.Level, line.Exception)));
        Assert.All(lines[1..^1], line => Assert.EndsWith("with TimeoutException: The store is away.", line.Message, StringComparison.Ordinal));
        Assert.StartsWith("Function Forever works again after 3600 failures in ", lines[^1].Message, StringComparison.Ordinal);
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
        Assert.Equal(RunEnd.Succeeded, await _runner.RunAsync(typeof(TwiceFunction), _ => { }, Second));

        Assert.Empty(_runner.Log.Lines);
    }
}
