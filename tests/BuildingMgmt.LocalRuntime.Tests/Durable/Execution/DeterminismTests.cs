using BuildingMgmt.LocalRuntime.Durable.Execution;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Execution;

public sealed class DeterminismTests
{
    private const string Difference = "DurableTask.Core.Exceptions.NonDeterministicOrchestrationException";

    [Fact]
    public void Activity_of_another_name_is_named_with_what_the_history_has()
    {
        var failure = After(async context => await context.CallActivityAsync<int>("Other"));

        Assert.Equal(Difference, failure.ErrorType);
        Assert.Contains("Action #0: the history has activity \"A\", the code did activity \"Other\".", failure.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Task_of_another_kind_is_named()
    {
        var failure = After(async context =>
        {
            await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
            return null;
        });

        Assert.Contains("the history has activity \"A\", the code did a timer for ", failure.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Task_that_the_code_does_not_come_to_is_named()
    {
        var failure = After(async context => await context.WaitForExternalEvent<int>("n"));

        Assert.Contains("the history has activity \"A\", the code has not come to it.", failure.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Task_that_the_history_does_not_have_is_named()
    {
        var failure = After(async context =>
        {
            await Task.WhenAll(context.CallActivityAsync("A"), context.CallSubOrchestratorAsync("Child", null, new TaskOptions().WithInstanceId("c")));
            return null;
        });

        Assert.Contains(
            "Action #1: the history has nothing more here, the code did sub-orchestration \"Child\" (instance \"c\").", failure.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Difference_in_a_later_step_is_found_too()
    {
        var stepped = new Stepped(async context =>
        {
            await context.CallActivityAsync("A");
            context.SendEvent("other", "Ping", 1);
            return await context.CallActivityAsync<int>("B");
        });
        stepped.Start();
        stepped.Step(new TaskCompleted(0, null));

        var outcome = stepped.StepOther(
            async context =>
            {
                await context.CallActivityAsync("A");
                context.SendEvent("other", "Pong", 1);
                return await context.CallActivityAsync<int>("B");
            },
            new TaskCompleted(2, "1"));

        Assert.Contains(
            "the history has event \"Ping\" to instance \"other\", the code did event \"Pong\"", outcome.Failed().ErrorMessage, StringComparison.Ordinal);
        Assert.Empty(outcome.Actions);
    }

    [Fact]
    public void Case_of_names_and_times_of_timers_do_not_matter()
    {
        var stepped = new Stepped(async context => await context.CallActivityAsync<int>("A"));
        stepped.Start();

        Assert.Equal("1", stepped.StepOther(async context => await context.CallActivityAsync<int>("a"), new TaskCompleted(0, "1")).Completed());
    }

    [Fact]
    public void Waiting_for_nothing_of_the_context_fails_at_once()
    {
        var stepped = new Stepped(async _ =>
        {
            await new TaskCompletionSource().Task;
            return null;
        });

        AssertIllegal(stepped.Start().Failed());
    }

    [Fact]
    public void Waiting_for_something_else_beside_an_open_task_fails_when_that_is_done()
    {
        var stepped = new Stepped(async context =>
        {
            var open = context.CallActivityAsync<int>("A");
            await new TaskCompletionSource().Task;
            return await open;
        });
        Assert.Null(stepped.Start().End);

        AssertIllegal(stepped.Step(new TaskCompleted(0, "1")).Failed());
    }

    [Fact]
    public async Task Code_that_goes_on_on_another_thread_is_refused_there_and_fails()
    {
        var refused = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        var outside = new TaskCompletionSource();
        var execution = New(async context =>
        {
            var open = context.CallActivityAsync<int>("A");
            await outside.Task.ConfigureAwait(false);
            try
            {
                context.NewGuid();
            }
            catch (InvalidOperationException exception)
            {
                refused.SetResult(exception);
            }

            return await open;
        });
        Assert.Null(execution.Step(DateTimeOffset.UnixEpoch, [Stepped.Started()]).End);
        await Task.Run(outside.SetResult, TestContext.Current.CancellationToken);
        Assert.Contains("not a task of its context", (await refused.Task).Message, StringComparison.Ordinal);

        AssertIllegal(execution.Step(DateTimeOffset.UnixEpoch, [Stepped.Raised("n", 1)]).Failed());
    }

    [Fact]
    public async Task Continuation_from_another_thread_is_not_run_and_fails_the_next_step()
    {
        var outside = new TaskCompletionSource();
        var ran = false;
        var execution = New(async context =>
        {
            var open = context.CallActivityAsync<int>("A");
            await outside.Task;
            ran = true;
            return await open;
        });
        execution.Step(DateTimeOffset.UnixEpoch, [Stepped.Started()]);
        await Task.Run(outside.SetResult, TestContext.Current.CancellationToken);

        AssertIllegal(execution.Step(DateTimeOffset.UnixEpoch, []).Failed());
        Assert.False(ran);
    }

    [Fact]
    public void Yield_is_allowed()
    {
        var stepped = new Stepped(async context =>
        {
            await Task.Yield();
            var result = await context.CallActivityAsync<int>("A");
            await Task.Yield();
            return result;
        });
        stepped.Start();

        Assert.Equal("1", stepped.Step(new TaskCompleted(0, "1")).Completed());
    }

    [Fact]
    public void Exception_of_a_method_that_nobody_awaits_fails_the_orchestration()
    {
        var stepped = new Stepped(async context =>
        {
            Forgotten(context);
            return await context.WaitForExternalEvent<int>("n");
        });
        stepped.Start();

        Assert.Equal("forgotten", stepped.Step(new TaskCompleted(0, null)).Failed().ErrorMessage);

        static async void Forgotten(TaskOrchestrationContext context)
        {
            await context.CallActivityAsync("A");
            throw new InvalidOperationException("forgotten");
        }
    }

    [Fact]
    public void Code_that_is_kept_in_memory_is_not_begun_again()
    {
        var begun = 0;
        var execution = New(async context =>
        {
            begun++;
            for (var n = 0; n < 100; n++)
                await context.CallActivityAsync("A");
            return null;
        });
        var outcome = execution.Step(DateTimeOffset.UnixEpoch, [Stepped.Started()]);
        while (outcome.End is null)
            outcome = execution.Step(DateTimeOffset.UnixEpoch, [new TaskCompleted(outcome.Did<TaskScheduled>().Id, null)]);

        Assert.Equal(1, begun);
    }

    [Fact]
    public void Caller_gets_its_synchronization_context_back()
    {
        var before = SynchronizationContext.Current;
        New(async context => await context.CallActivityAsync<int>("A")).Step(DateTimeOffset.UnixEpoch, [Stepped.Started()]);

        Assert.Same(before, SynchronizationContext.Current);
    }

    // What becomes of a history with one activity "A" under other code.
    private static TaskFailureDetails After(Func<TaskOrchestrationContext, Task<object?>> other)
    {
        var stepped = new Stepped(async context => await context.CallActivityAsync<int>("A"));
        stepped.Start();
        return stepped.StepOther(other, new TaskCompleted(0, "1")).Failed();
    }

    private static OrchestrationExecution New(Func<TaskOrchestrationContext, Task<object?>> code) =>
        new("instance", 0, _ => context => code(context), JsonDataConverter.Default, NullLoggerFactory.Instance);

    private static void AssertIllegal(TaskFailureDetails failure)
    {
        Assert.Equal(typeof(InvalidOperationException).FullName, failure.ErrorType);
        Assert.Contains("not a task of its context", failure.ErrorMessage, StringComparison.Ordinal);
    }
}
