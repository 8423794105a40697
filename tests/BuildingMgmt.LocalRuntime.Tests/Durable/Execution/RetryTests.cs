using BuildingMgmt.LocalRuntime.Durable.Execution;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Execution;

public sealed class RetryTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Delays_of_a_policy_grow_to_the_longest_and_the_last_failure_is_thrown()
    {
        var stepped = Calling(new RetryPolicy(5, Second, backoffCoefficient: 3, maxRetryInterval: TimeSpan.FromSeconds(10)));
        stepped.Start();
        var delays = new List<double>();
        for (var attempt = 1; attempt < 5; attempt++)
        {
            var at = stepped.Now;
            var timer = stepped.Step(new TaskFailed(2 * (attempt - 1), Stepped.Failure($"attempt {attempt}"))).Did<TimerCreated>();
            delays.Add((timer.FireAt - at).TotalSeconds);
            stepped.Now = timer.FireAt;
            var again = stepped.Step(new TimerFired(timer.Id)).Did<TaskScheduled>();
            Assert.Equal(("Flaky", "7", 2 * attempt), (again.Name, again.Input, again.Id));
        }

        Assert.Equal([1, 3, 9, 10], delays);
        Assert.Equal("\"attempt 5\"", stepped.Step(new TaskFailed(8, Stepped.Failure("attempt 5"))).Completed());
    }

    [Fact]
    public void Success_after_a_failure_is_the_result()
    {
        var stepped = Calling(new RetryPolicy(3, Second));
        stepped.Start();
        stepped.Step(new TaskFailed(0, Stepped.Failure()));
        stepped.Step(new TimerFired(1));

        Assert.Equal("\"fine\"", stepped.Step(new TaskCompleted(2, "\"fine\"")).Completed());
    }

    [Fact]
    public void Policy_gives_up_after_its_timeout()
    {
        var stepped = Calling(new RetryPolicy(100, Second, retryTimeout: TimeSpan.FromSeconds(5)));
        stepped.Start();
        stepped.Step(new TaskFailed(0, Stepped.Failure())).Did<TimerCreated>();
        stepped.Now += TimeSpan.FromSeconds(10);
        stepped.Step(new TimerFired(1)).Did<TaskScheduled>();

        Assert.Equal("\"late\"", stepped.Step(new TaskFailed(2, Stepped.Failure("late"))).Completed());
    }

    [Fact]
    public void Policy_asks_whether_a_failure_is_worth_it()
    {
        var stepped = Calling(new RetryPolicy(100, Second) { HandleFailure = failure => failure.ErrorMessage == "try again" });
        stepped.Start();
        stepped.Step(new TaskFailed(0, Stepped.Failure("try again"))).Did<TimerCreated>();
        stepped.Step(new TimerFired(1));

        Assert.Equal("\"hopeless\"", stepped.Step(new TaskFailed(2, Stepped.Failure("hopeless"))).Completed());
    }

    [Fact]
    public void Filter_that_throws_leaves_the_failure_as_it_is()
    {
        var stepped = Calling(new RetryPolicy(100, Second) { HandleFailure = _ => throw new ArgumentException("filter") });
        stepped.Start();

        Assert.Equal("\"broken\"", stepped.Step(new TaskFailed(0, Stepped.Failure())).Completed());
    }

    [Fact]
    public void Handler_knows_attempt_failure_and_time_and_may_wait()
    {
        var stepped = Calling((AsyncRetryHandler)(async retry =>
        {
            if (retry.LastAttemptNumber == 3)
                return false;
            await retry.OrchestrationContext.CreateTimer(TimeSpan.FromMinutes(retry.LastAttemptNumber), CancellationToken.None);
            return retry.LastFailure.ErrorMessage == "broken" && retry.TotalRetryTime < TimeSpan.FromHours(1);
        }));
        stepped.Start();
        var at = stepped.Now;
        Assert.Equal(at.AddMinutes(1), stepped.Step(new TaskFailed(0, Stepped.Failure())).Did<TimerCreated>().FireAt);
        Assert.Equal(2, stepped.Step(new TimerFired(1)).Did<TaskScheduled>().Id);
        stepped.Step(new TaskFailed(2, Stepped.Failure())).Did<TimerCreated>();
        stepped.Step(new TimerFired(3)).Did<TaskScheduled>();

        Assert.Equal("\"broken\"", stepped.Step(new TaskFailed(4, Stepped.Failure())).Completed());
    }

    [Fact]
    public void Handler_without_a_task_tries_again_at_once()
    {
        var stepped = Calling((RetryHandler)(retry => retry.LastAttemptNumber < 2));
        stepped.Start();
        stepped.Step(new TaskFailed(0, Stepped.Failure())).Did<TaskScheduled>();

        Assert.Equal("\"broken\"", stepped.Step(new TaskFailed(1, Stepped.Failure())).Completed());
    }

    [Theory]
    [InlineData("ActivityTaskNotFound")]
    [InlineData("OrchestratorTaskNotFound")]
    public void Task_that_the_app_does_not_have_is_not_tried_again(string type)
    {
        var stepped = Calling(new RetryPolicy(100, Second));
        stepped.Start();

        Assert.Equal("\"gone\"", stepped.Step(new TaskFailed(0, new(type, "gone", null, null, null))).Completed());
    }

    [Fact]
    public void Sub_orchestration_gets_a_new_id_with_each_attempt()
    {
        var stepped = new Stepped(async context =>
            await context.CallSubOrchestratorAsync<string>("Child", null, new TaskOptions(new RetryPolicy(2, Second))));
        var first = stepped.Start().Did<ChildCreated>();
        stepped.Step(new ChildFailed(0, Stepped.Failure())).Did<TimerCreated>();
        var second = stepped.Step(new TimerFired(1)).Did<ChildCreated>();

        Assert.NotEqual(first.InstanceId, second.InstanceId);
        Assert.Equal("\"fine\"", stepped.Step(new ChildCompleted(2, "\"fine\"")).Completed());
    }

    [Fact]
    public void Unlimited_delay_does_not_overflow()
    {
        var stepped = Calling(new RetryPolicy(3, TimeSpan.FromDays(300_000), backoffCoefficient: 1e9, maxRetryInterval: Timeout.InfiniteTimeSpan));
        stepped.Start();
        stepped.Step(new TaskFailed(0, Stepped.Failure())).Did<TimerCreated>();
        stepped.Step(new TimerFired(1));

        Assert.Equal(DateTime.MaxValue, stepped.Step(new TaskFailed(2, Stepped.Failure())).Did<TimerCreated>().FireAt.UtcDateTime);
    }

    private static Stepped Calling(TaskRetryOptions retry) => new(async context =>
    {
        try
        {
            return await context.CallActivityAsync<string>("Flaky", 7, new TaskOptions(retry));
        }
        catch (TaskFailedException exception)
        {
            return exception.FailureDetails.ErrorMessage;
        }
    });
}
