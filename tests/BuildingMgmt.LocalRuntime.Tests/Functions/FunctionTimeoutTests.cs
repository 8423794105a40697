using BuildingMgmt.LocalRuntime.Functions;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.LocalRuntime.Tests.Functions;

#pragma warning disable IDE0060 // The trigger's value is not looked at.
public static class OnceFunction
{
    [Function("Once")]
    public static Task Run([TimerTrigger("0 * * * * *")] TimerInfo timer, FunctionContext context) => Body.Of(context);
}

public static class AnswerFunction
{
    [Function("Answer")]
    public static IResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "answer")] HttpRequest request) => Results.Ok();
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

    [Fact]
    public void Http_run_that_looks_at_its_token_late_has_no_more_time_than_another()
    {
        var run = _runner.BeginHttpRun(typeof(AnswerFunction));
        _runner.Time.Advance(TimeSpan.FromMinutes(4));
        Assert.False(run.CancellationToken.IsCancellationRequested);
        _runner.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(run.CancellationToken.IsCancellationRequested);
        run.End();

        var late = _runner.BeginHttpRun(typeof(AnswerFunction));
        _runner.Time.Advance(TimeSpan.FromMinutes(6));
        Assert.True(late.CancellationToken.IsCancellationRequested);
        late.End();
    }
}
