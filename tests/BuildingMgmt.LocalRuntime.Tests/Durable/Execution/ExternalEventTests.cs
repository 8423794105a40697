using BuildingMgmt.LocalRuntime.Durable.Execution;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Execution;

public sealed class ExternalEventTests
{
    [Fact]
    public void Event_goes_to_the_one_who_waits_whatever_its_case()
    {
        var stepped = new Stepped(async context => await context.WaitForExternalEvent<int>("Approved"));
        stepped.Start().DidNothing();

        Assert.Equal("5", stepped.Step(Stepped.Raised("APPROVED", 5)).Completed());
    }

    [Fact]
    public void Events_that_came_early_are_kept_in_their_order()
    {
        var stepped = new Stepped(async context =>
        {
            await context.CallActivityAsync("A");
            return $"{await context.WaitForExternalEvent<int>("n")} {await context.WaitForExternalEvent<int>("N")} {await context.WaitForExternalEvent<int>("n")}";
        });
        stepped.Start();
        stepped.Step(Stepped.Raised("n", 1), Stepped.Raised("n", 2), Stepped.Raised("other", 9)).DidNothing();
        stepped.Step(new TaskCompleted(0, null)).DidNothing();

        Assert.Equal("\"1 2 3\"", stepped.Step(Stepped.Raised("n", 3)).Completed());
    }

    [Fact]
    public void Newest_waiter_is_served_first()
    {
        var stepped = new Stepped(async context =>
        {
            var first = context.WaitForExternalEvent<int>("n");
            var second = context.WaitForExternalEvent<int>("n");
            return $"{await second} {await first}";
        });
        stepped.Start();

        Assert.Equal("\"1 2\"", stepped.Step(Stepped.Raised("n", 1), Stepped.Raised("n", 2)).Completed());
    }

    [Fact]
    public void Waiter_that_was_cancelled_takes_no_event()
    {
        var stepped = new Stepped(async context =>
        {
            using var cancel = new CancellationTokenSource();
            var left = context.WaitForExternalEvent<int>("n", cancel.Token);
            await context.CallActivityAsync("A");
            cancel.Cancel();
            await context.CallActivityAsync("B");
            return $"{left.Status} {await context.WaitForExternalEvent<int>("n")}";
        });
        stepped.Start();
        stepped.Step(new TaskCompleted(0, null));
        stepped.Step(Stepped.Raised("n", 1)).DidNothing();

        Assert.Equal("\"Canceled 1\"", stepped.Step(new TaskCompleted(1, null)).Completed());
    }

    [Fact]
    public void Event_before_the_timeout_cancels_the_timer()
    {
        var stepped = new Stepped(async context => await context.WaitForExternalEvent<string>("n", TimeSpan.FromHours(1)));
        Assert.IsType<TimerCreated>(Assert.Single(stepped.Start().Actions));

        Assert.Equal("\"in time\"", stepped.Step(Stepped.Raised("n", "in time")).Completed());
    }

    [Fact]
    public void Timeout_cancels_the_waiting_and_a_later_event_is_kept()
    {
        var stepped = new Stepped(async context =>
        {
            try
            {
                return await context.WaitForExternalEvent<string>("n", TimeSpan.FromHours(1));
            }
            catch (OperationCanceledException)
            {
                await context.CallActivityAsync("A");
                return $"after {await context.WaitForExternalEvent<string>("n")}";
            }
        });
        stepped.Start();
        stepped.Step(new TimerFired(0)).Did<TaskScheduled>();
        stepped.Step(Stepped.Raised("n", "timeout")).DidNothing();

        Assert.Equal("\"after timeout\"", stepped.Step(new TaskCompleted(1, null)).Completed());
    }

    [Fact]
    public void Token_beside_a_timeout_ends_both()
    {
        var stepped = new Stepped(async context =>
        {
            using var cancel = new CancellationTokenSource();
            var wait = context.WaitForExternalEvent<int>("n", TimeSpan.FromHours(1), cancel.Token);
            await context.CallActivityAsync("A");
            cancel.Cancel();
            return wait.Status.ToString();
        });
        stepped.Start();

        Assert.Equal("\"Canceled\"", stepped.Step(new TaskCompleted(1, null)).Completed());
    }

    [Fact]
    public void Same_name_cannot_be_waited_for_as_two_types_at_once()
    {
        var stepped = new Stepped(async context =>
        {
            _ = context.WaitForExternalEvent<int>("n");
            return await context.WaitForExternalEvent<string>("n");
        });

        Assert.Equal(typeof(ArgumentException).FullName, stepped.Start().Failed().ErrorType);
    }

    [Fact]
    public void Payload_of_another_type_is_an_error_that_names_the_event()
    {
        var stepped = new Stepped(async context => await context.WaitForExternalEvent<int>("Count"));
        stepped.Start();

        Assert.Contains("event \"Count\" is not a System.Int32", stepped.Step(Stepped.Raised("count", "many")).Failed().ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Same_event_sent_twice_is_taken_once()
    {
        var stepped = new Stepped(async context =>
            $"{await context.WaitForExternalEvent<int>("n")} {await context.WaitForExternalEvent<int>("n")}");
        stepped.Start();
        var first = Stepped.Raised("n", 1);
        Assert.Equal(2, stepped.Step(first, first).Appended.Count);
        Assert.Empty(stepped.Step(first).Appended);

        Assert.Equal("\"1 2\"", stepped.Step(Stepped.Raised("n", 2)).Completed());
    }

    [Fact]
    public void Event_to_another_instance_is_sent()
    {
        var stepped = new Stepped(async context =>
        {
            context.SendEvent("other", "Ping", new[] { 1 });
            return await Task.FromResult("sent");
        });
        var outcome = stepped.Start();

        Assert.Equal(new EventSent(0, "other", "Ping", "[1]"), outcome.Did<EventSent>());
        Assert.Equal("\"sent\"", outcome.Completed());
    }

    [Fact]
    public void Event_before_the_start_is_kept_for_it()
    {
        var stepped = new Stepped(async context => await context.WaitForExternalEvent<int>("n"));
        stepped.Step(Stepped.Raised("n", 4)).DidNothing();

        Assert.Equal("4", stepped.Start().Completed());
    }
}
