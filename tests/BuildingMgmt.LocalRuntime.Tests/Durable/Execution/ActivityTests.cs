using BuildingMgmt.LocalRuntime.Durable.Execution;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Execution;

public sealed class ActivityTests
{
    [Fact]
    public void Activity_is_scheduled_and_its_result_goes_to_the_code()
    {
        var stepped = new Stepped(async context => 2 * await context.CallActivityAsync<int>("Add", new[] { 1, 2 }));

        var first = stepped.Start();

        Assert.Equal(new TaskScheduled(0, "Add", null, "[1,2]"), first.Did<TaskScheduled>());
        Assert.Equal("6", stepped.Step(new TaskCompleted(0, "3")).Completed());
    }

    [Fact]
    public void Input_of_the_orchestration_is_read_as_its_type()
    {
        var stepped = new Stepped(async context => await Task.FromResult(context.GetInput<DateOnly>().AddDays(1)));

        Assert.Equal("\"2026-03-02\"", stepped.Start(new DateOnly(2026, 3, 1)).Completed());
    }

    [Fact]
    public void Missing_result_is_the_default_of_its_type()
    {
        var stepped = new Stepped(async context => await context.CallActivityAsync<int>("Nothing"));
        stepped.Start();

        Assert.Equal("0", stepped.Step(new TaskCompleted(0, null)).Completed());
    }

    [Fact]
    public void Failed_activity_throws_what_failed()
    {
        var stepped = new Stepped(async context =>
        {
            try
            {
                await context.CallActivityAsync("Break");
                return null;
            }
            catch (TaskFailedException exception)
            {
                return $"{exception.TaskName} {exception.TaskId} {exception.FailureDetails} {exception.FailureDetails.IsCausedBy<InvalidOperationException>()}";
            }
        });
        stepped.Start();

        Assert.Equal(
            "\"Break 0 System.InvalidOperationException: broken True\"", stepped.Step(new TaskFailed(0, Stepped.Failure())).Completed());
    }

    [Fact]
    public void Failure_that_the_code_does_not_catch_ends_it_and_keeps_the_cause()
    {
        var stepped = new Stepped(async context => await context.CallActivityAsync<int>("Break"));
        stepped.Start();

        var failure = stepped.Step(new TaskFailed(0, Stepped.Failure())).Failed();

        Assert.Equal(typeof(TaskFailedException).FullName, failure.ErrorType);
        Assert.Equal("Task 'Break' (#0) failed with an unhandled exception: broken", failure.ErrorMessage);
        Assert.Equal(Stepped.Failure(), failure.InnerFailure);
    }

    [Fact]
    public void Version_of_an_activity_is_that_of_its_orchestration_unless_given()
    {
        var stepped = new Stepped(async context =>
        {
            await context.CallActivityAsync("A");
            await context.CallActivityAsync("B", new TaskOptions { Version = "9" });
            await context.CallActivityAsync("C", new TaskOptions { Version = TaskVersion.Unversioned });
            return context.Version;
        });

        Assert.Equal("2.1", stepped.Step(Stepped.Started(version: "2.1")).Did<TaskScheduled>().Version);
        Assert.Equal("9", stepped.Step(new TaskCompleted(0, null)).Did<TaskScheduled>().Version);
        Assert.Null(stepped.Step(new TaskCompleted(1, null)).Did<TaskScheduled>().Version);
        Assert.Equal("\"2.1\"", stepped.Step(new TaskCompleted(2, null)).Completed());
    }

    [Fact]
    public void Tags_go_with_the_activity()
    {
        var stepped = new Stepped(async context =>
            await context.CallActivityAsync<int>("A", new TaskOptions(tags: new Dictionary<string, string> { ["floor"] = "3" })));

        Assert.Equal("3", stepped.Start().Did<TaskScheduled>().Tags!["floor"]);
    }

    [Fact]
    public void Options_given_as_input_are_an_error()
    {
        var stepped = new Stepped(async context => await context.CallActivityAsync<int>("A", (object)new TaskOptions()));

        Assert.Contains("Options were given as the input of activity \"A\"", stepped.Start().Failed().ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Result_of_another_type_is_an_error_that_names_the_activity()
    {
        var stepped = new Stepped(async context => await context.CallActivityAsync<int>("Words"));
        stepped.Start();

        var failure = stepped.Step(new TaskCompleted(0, "\"three\"")).Failed();

        Assert.Contains("The output of activity \"Words\" is not a System.Int32", failure.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Input_that_cannot_be_written_is_an_error_that_names_the_activity()
    {
        var stepped = new Stepped(async context => await context.CallActivityAsync<int>("Reflect", typeof(string)));

        Assert.Contains("The input of activity \"Reflect\"", stepped.Start().Failed().ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Input_of_another_type_is_an_error_that_names_the_orchestration()
    {
        var stepped = new Stepped(async context => await Task.FromResult(context.GetInput<int>()));

        Assert.Contains("The input of orchestration \"Sample\" is not a System.Int32", stepped.Start("three").Failed().ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Output_that_cannot_be_written_is_an_error_that_names_the_orchestration()
    {
        var stepped = new Stepped(async _ => await Task.FromResult<object?>(typeof(string)));

        Assert.Contains("The output of orchestration \"Sample\"", stepped.Start().Failed().ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Thousand_activities_at_once_are_gathered()
    {
        var stepped = new Stepped(async context =>
            (await Task.WhenAll(Enumerable.Range(0, 1_000).Select(n => context.CallActivityAsync<int>("Same", n)))).Sum());

        var scheduled = stepped.Start().Actions.Cast<TaskScheduled>().ToList();
        Assert.Equal(1_000, scheduled.Count);
        var results = scheduled.Select(task => new TaskCompleted(task.Id, task.Input)).Reverse().ToArray<ReceivedEvent>();
        stepped.Step(results[..400]).DidNothing();

        Assert.Equal("499500", stepped.Step(results[400..]).Completed());
    }

    [Fact]
    public void Orchestration_ends_only_when_nothing_that_it_began_is_open()
    {
        var stepped = new Stepped(async context =>
        {
            var slow = context.CallActivityAsync<int>("Slow");
            var fast = context.CallActivityAsync<int>("Fast");
            return await await Task.WhenAny(slow, fast);
        });
        stepped.Start();

        stepped.Step(new TaskCompleted(1, "7")).DidNothing();

        Assert.Equal("7", stepped.Step(new TaskCompleted(0, "8")).Completed());
    }

    [Fact]
    public void Orchestrator_that_the_app_does_not_have_fails()
    {
        var stepped = new Stepped(_ => Task.FromResult<object?>(null));

        var failure = stepped.Step(Stepped.Started(name: "Gone")).Failed();

        Assert.Equal("OrchestratorTaskNotFound", failure.ErrorType);
        Assert.Contains("\"Gone\"", failure.ErrorMessage, StringComparison.Ordinal);
    }
}
