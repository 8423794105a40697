using BuildingMgmt.LocalRuntime.Durable.Execution;
using Microsoft.DurableTask.Converters;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Execution;

public sealed class PayloadsTests
{
    private const int CharsMax = 32 * 1024 * 1024;

    [Fact]
    public void What_is_longer_than_is_kept_is_refused_to_whoever_gives_it()
    {
        var payloads = new Payloads(new JsonDataConverter());

        // With its quotation marks.
        var longest = new string('x', CharsMax - 2);
        Assert.Equal(CharsMax, payloads.Write(longest, "The output")!.Length);
        var refused = Assert.Throws<ArgumentException>(() => payloads.Write(longest + "x", "The output"));
        Assert.Contains($"The output has {CharsMax + 1} characters", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_output_that_is_too_long_fails_its_orchestration()
    {
        var end = new Stepped(_ => Task.FromResult<object?>(new string('x', CharsMax))).Start().End;
        Assert.Equal((EndStatus.Failed, typeof(ArgumentException).FullName), (end!.Status, end.Failure!.ErrorType));
    }
}
