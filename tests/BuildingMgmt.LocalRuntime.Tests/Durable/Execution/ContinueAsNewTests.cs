using BuildingMgmt.LocalRuntime.Durable.Execution;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Execution;

public sealed class ContinueAsNewTests
{
    [Fact]
    public void Next_execution_is_the_same_with_a_new_input()
    {
        var stepped = new Stepped(async context =>
        {
            context.ContinueAsNew(context.GetInput<int>() + 1);
            return await Task.FromResult("not an output");
        });
        var start = Stepped.Started(1, "1.0", new("parent", "Caller", 0, 3)) with { TraceParent = "00-trace", Tags = new Dictionary<string, string> { ["a"] = "b" } };

        var outcome = stepped.Step(start);

        Assert.Equal(new ExecutionCompleted(EndStatus.ContinuedAsNew, null, null), outcome.End);
        Assert.Equal(start with { Input = "2" }, outcome.Next!.Start);
        Assert.Empty(outcome.Next.Events);
    }

    [Fact]
    public void New_version_is_that_of_the_next_execution()
    {
        var stepped = new Stepped(async context =>
        {
            context.ContinueAsNew(new ContinueAsNewOptions { NewVersion = "2.0" });
            return await Task.FromResult<object?>(null);
        });

        Assert.Equal("2.0", stepped.Step(Stepped.Started(version: "1.0")).Next!.Start.Version);
    }

    [Fact]
    public void Events_that_nobody_took_go_on_in_their_order()
    {
        var stepped = new Stepped(async context =>
        {
            await context.WaitForExternalEvent<int>("go");
            context.ContinueAsNew();
            return null;
        });
        stepped.Start();
        var events = new[] { Stepped.Raised("b", 1), Stepped.Raised("a", 2), Stepped.Raised("b", 3) };
        stepped.Step([.. events]);
        var late = Stepped.Raised("a", 4);

        Assert.Equal([.. events, late], stepped.Step(Stepped.Raised("go", 0), late).Next!.Events);
    }

    [Fact]
    public void Events_are_dropped_when_asked_but_for_those_that_came_after()
    {
        var stepped = new Stepped(async context =>
        {
            await context.WaitForExternalEvent<int>("go");
            context.ContinueAsNew(null, preserveUnprocessedEvents: false);
            return null;
        });
        stepped.Start();
        stepped.Step(Stepped.Raised("a", 1));
        var late = Stepped.Raised("a", 2);

        Assert.Equal([late], stepped.Step(Stepped.Raised("go", 0), late).Next!.Events);
    }

    [Fact]
    public void Next_execution_begins_only_when_nothing_is_open()
    {
        var stepped = new Stepped(async context =>
        {
            _ = context.CallActivityAsync("A");
            context.ContinueAsNew();
            return await Task.FromResult<object?>(null);
        });
        Assert.Null(stepped.Start().End);
        var late = Stepped.Raised("e", 1);
        Assert.Null(stepped.Step(late).End);

        Assert.Equal([late], stepped.Step(new TaskCompleted(0, null)).Next!.Events);
    }

    [Fact]
    public void Code_that_fails_after_asking_for_the_next_execution_has_failed()
    {
        var stepped = new Stepped(async context =>
        {
            context.ContinueAsNew();
            await context.CallActivityAsync("A");
            throw new InvalidOperationException("too late");
        });
        stepped.Start();
        var outcome = stepped.Step(new TaskCompleted(0, null));

        Assert.Equal("too late", outcome.Failed().ErrorMessage);
        Assert.Null(outcome.Next);
    }
}
