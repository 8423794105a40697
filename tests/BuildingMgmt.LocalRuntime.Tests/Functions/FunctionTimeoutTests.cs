using BuildingMgmt.LocalRuntime.Functions;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.LocalRuntime.Tests.Functions;

#pragma warning disable IDE0060 // The trigger's value is not looked at.
public static class OnceFunction
{
    [Function("Once")]
    public static Task Run([TimerTrigger("0 * * * * *")] TimerInfo timer, FunctionContext context) => Body.Of(context);
}
#pragma warning restore IDE0060

public sealed class FunctionTimeoutTests : IDisposable
{
    private readonly RunnerFixture _runner = new(functionTimeout: TimeSpan.FromMinutes(5));

    public void Dispose() => _runner.Dispose();

    [Fact]
    public async Task Run_that_outlasts_the_timeout_is_told_to_stop_and_has_failed()
    {
        var began = _runner.Time.GetUtcNow();
        var end = await _runner.RunAsync(
            typeof(OnceFunction), context => Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken), TimeSpan.FromSeconds(1));

        Assert.Equal(RunEnd.Failed, end);
        Assert.True(_runner.Time.GetUtcNow() - began >= TimeSpan.FromMinutes(5));
        Assert.StartsWith(
            "Function Once ran longer than host.json's functionTimeout of 300 s", _runner.Log.Lines.First().Message, StringComparison.Ordinal);
    }
}
