using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Abstractions;
using Microsoft.DurableTask.Converters;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Model;

public sealed class TaskModelTests
{
    [Fact]
    public void Failure_details_are_the_same_after_json()
    {
        var details = TaskFailureDetails.FromException(Thrown());
        var read = JsonSerializer.Deserialize<TaskFailureDetails>(JsonSerializer.Serialize(details));

        Assert.Equal(details, read);
        Assert.Equal("System.IO.IOException: outer", details.ToString());
        Assert.Equal("System.ArgumentException", details.InnerFailure!.ErrorType);
        Assert.NotNull(details.StackTrace);
    }

    [Fact]
    public void Of_very_many_levels_of_a_failure_the_outer_ones_and_the_innermost_are_kept()
    {
        Exception exception = new ArgumentException("cause");
        for (var i = 0; i < 100; i++)
            exception = i == 50 ? new TaskFailedException("Work", 0, TaskFailureDetails.FromException(exception)) : new InvalidOperationException($"{i}", exception);
        List<TaskFailureDetails> levels = [];
        for (var level = TaskFailureDetails.FromException(exception); level is not null; level = level.InnerFailure)
            levels.Add(level);
        Assert.Equal(32, levels.Count);
        Assert.Equal(("99", "cause"), (levels[0].ErrorMessage, levels[^1].ErrorMessage));
        Assert.InRange(TaskFailureDetails.FromException(new InvalidOperationException(new string('x', 1_000_000))).ErrorMessage.Length, 1_000, 100_000);
    }

    [Fact]
    public void Failure_knows_the_types_that_it_is()
    {
        var details = TaskFailureDetails.FromException(new OwnException("x"));

        Assert.True(details.IsCausedBy<OwnException>());
        Assert.True(details.IsCausedBy<InvalidOperationException>());
        var any = typeof(Exception);
        Assert.True(details.IsCausedBy(any));
        Assert.False(details.IsCausedBy<ArgumentException>());
        Assert.False((details with { ErrorType = "Gone.From.The.App" }).IsCausedBy<Exception>());
        Assert.False((details with { ErrorType = "" }).IsCausedBy<Exception>());
        var none = typeof(string);
        Assert.Throws<ArgumentException>(() => details.IsCausedBy(none));
    }

    [Theory]
    [InlineData(0, 1, 1.0, 1, 1)]
    [InlineData(1, 0, 1.0, 1, 1)]
    [InlineData(1, 1, 0.5, 1, 1)]
    [InlineData(1, 1, double.NaN, 1, 1)]
    [InlineData(1, 5, 1.0, 4, 5)]
    [InlineData(1, 5, 1.0, 5, 4)]
    public void Policy_out_of_range_is_refused(int attempts, int first, double coefficient, int longest, int timeout) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new RetryPolicy(
            attempts, TimeSpan.FromSeconds(first), coefficient, TimeSpan.FromSeconds(longest), TimeSpan.FromSeconds(timeout)));

    [Fact]
    public void Policy_without_limits_has_those_of_the_real_package()
    {
        var policy = new RetryPolicy(1, TimeSpan.FromSeconds(1));

        Assert.Equal((TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan, 1.0), (policy.MaxRetryInterval, policy.RetryTimeout, policy.BackoffCoefficient));
        Assert.True(policy.Handle(new InvalidOperationException()));
    }

    [Theory]
    [InlineData("", " ", 0)]
    [InlineData("", "1", -1)]
    [InlineData("1", "", 1)]
    [InlineData("1.10", "1.9", 1)]
    [InlineData("b", "A", 1)]
    [InlineData("a", "A", 0)]
    public void Versions_are_ordered(string one, string other, int expected) =>
        Assert.Equal(expected, Math.Sign(TaskOrchestrationVersioningUtils.CompareVersions(one, other)));

    [Fact]
    public void Names_and_versions_ignore_case()
    {
        Assert.Equal(new TaskName("Run"), (TaskName)"RUN");
        Assert.Equal(((TaskName)"Run").GetHashCode(), ((TaskName)"RUN").GetHashCode());
        Assert.Equal(new TaskVersion("1.a"), (TaskVersion)"1.A");
        Assert.Equal(TaskVersion.Unversioned, (TaskVersion)(string?)null);
        Assert.Throws<ArgumentException>(() => new TaskVersion(" "));
    }

    [Fact]
    public void Options_of_a_sub_orchestration_keep_those_they_are_made_of()
    {
        var options = new TaskOptions(new RetryPolicy(2, TimeSpan.FromSeconds(1))) { Version = "3" };
        var child = options.WithInstanceId("id");

        Assert.Equal(("id", "3"), (child.InstanceId, child.Version!.Value.Version));
        Assert.Same(options.Retry, child.Retry);
        Assert.Equal("id", new SubOrchestrationOptions((TaskOptions)child).InstanceId);
    }

    [Fact]
    public void Fields_are_written_as_well_as_properties()
    {
        var text = JsonDataConverter.Default.Serialize(new Pair { Left = 1, Right = 2 });

        Assert.Equal("{\"Right\":2,\"Left\":1}", text);
        Assert.Equal(1, JsonDataConverter.Default.Deserialize<Pair>(text)!.Left);
        Assert.Null(JsonDataConverter.Default.Serialize(null));
        Assert.Equal(0, JsonDataConverter.Default.Deserialize<int>(null));
    }

    [Fact]
    public async Task Pages_follow_one_another_until_there_is_no_token()
    {
        var asked = new List<string?>();
        var pageable = Pageable.Create((token, _) =>
        {
            asked.Add(token);
            return Task.FromResult(token is null ? new Page<int>([1, 2], "next") : new Page<int>([3]));
        });
        var values = new List<int>();
        await foreach (var value in pageable)
            values.Add(value);

        Assert.Equal([1, 2, 3], values);
        Assert.Equal([null, "next"], asked);
    }

    [Fact]
    public async Task Class_based_task_says_which_input_it_expected()
    {
        ITaskActivity activity = new Doubling();

        Assert.Equal(4, await activity.RunAsync(null!, 2));
        var exception = await Assert.ThrowsAsync<ArgumentException>(() => activity.RunAsync(null!, "two"));
        Assert.Contains("System.Int32 was expected", exception.Message, StringComparison.Ordinal);
    }

    private static IOException Thrown()
    {
        try
        {
            throw new IOException("outer", new ArgumentException("inner"));
        }
        catch (IOException exception)
        {
            return exception;
        }
    }

    private sealed class OwnException(string message) : InvalidOperationException(message);

    private sealed class Pair
    {
        public int Left;

        public int Right { get; set; }
    }

    private sealed class Doubling : TaskActivity<int, int>
    {
        public override Task<int> RunAsync(TaskActivityContext context, int input) => Task.FromResult(2 * input);
    }
}
