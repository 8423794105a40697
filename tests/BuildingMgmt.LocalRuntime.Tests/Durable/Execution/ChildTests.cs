using BuildingMgmt.LocalRuntime.Durable.Execution;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Execution;

public sealed class ChildTests
{
    [Fact]
    public void Sub_orchestration_is_created_and_its_result_goes_to_the_code()
    {
        var stepped = new Stepped(async context =>
            await context.CallSubOrchestratorAsync<int>("Child", 5, new SubOrchestrationOptions(instanceId: "mine") { Version = "3" }));

        Assert.Equal(new ChildCreated(0, "mine", "Child", "3", "5"), stepped.Start().Did<ChildCreated>());
        Assert.Equal("6", stepped.Step(new ChildCompleted(0, "6")).Completed());
    }

    [Fact]
    public void Sub_orchestration_may_have_an_id_that_no_client_may_choose_and_is_sent_to_by_it()
    {
        const string id = "floor/3\\room#5?\n";
        var stepped = new Stepped(async context =>
        {
            var child = context.CallSubOrchestratorAsync("Child", options: new SubOrchestrationOptions(instanceId: id));
            context.SendEvent(id, "Go", 1);
            await child;
            return null;
        });

        Assert.Equal([id, id], stepped.Start().Actions.Select(action => (action as ChildCreated)?.InstanceId ?? ((EventSent)action).InstanceId));
    }

    [Fact]
    public void Version_of_a_sub_orchestration_is_not_that_of_its_parent()
    {
        var stepped = new Stepped(async context => await context.CallSubOrchestratorAsync<int>("Child"));

        Assert.Null(stepped.Step(Stepped.Started(version: "2")).Did<ChildCreated>().Version);
    }

    [Fact]
    public void Failed_sub_orchestration_throws_what_failed()
    {
        var stepped = new Stepped(async context => await context.CallSubOrchestratorAsync<int>("Child"));
        stepped.Start();

        var failure = stepped.Step(new ChildFailed(0, Stepped.Failure())).Failed();

        Assert.Equal("Task 'Child' (#0) failed with an unhandled exception: broken", failure.ErrorMessage);
    }

    [Fact]
    public void Made_ids_differ_between_tasks_executions_parents_and_lives()
    {
        var ids = new List<string>();
        foreach (var (parent, execution, hours) in new[] { ("a", 0, 0), ("a", 1, 0), ("b", 0, 0), ("a", 0, 1) })
        {
            var stepped = new Stepped(TwoChildrenAsync, parent, execution);
            stepped.Now = stepped.Now.AddHours(hours);
            ids.AddRange(stepped.Start().Actions.Cast<ChildCreated>().Select(child => child.InstanceId));
        }

        Assert.Equal(8, ids.Distinct().Count());
    }

    [Fact]
    public void Sub_orchestration_knows_its_parent()
    {
        var stepped = new Stepped(async context => await Task.FromResult($"{context.Parent!.Name} {context.Parent.InstanceId}"));

        Assert.Equal("\"Caller parent\"", stepped.Step(Stepped.Started(parent: new("parent", "Caller", 2, 7))).Completed());
        Assert.Equal(new ParentTask("parent", "Caller", 2, 7), stepped.Kept.Parent);
    }

    [Fact]
    public void Orchestration_of_a_client_has_no_parent()
    {
        var stepped = new Stepped(async context => await Task.FromResult(context.Parent is null));

        Assert.Equal("true", stepped.Start().Completed());
    }

    [Fact]
    public void Recursive_termination_names_the_open_sub_orchestrations()
    {
        var stepped = new Stepped(TwoChildrenAsync);
        var children = stepped.Start().Actions.Cast<ChildCreated>().ToList();
        stepped.Step(new ChildCompleted(0, null));

        var outcome = stepped.Step(new ExecutionTerminated("\"enough\"", Recursive: true));

        Assert.Equal(new ExecutionCompleted(EndStatus.Terminated, "\"enough\"", null), outcome.End);
        Assert.Equal([children[1].InstanceId], outcome.OpenChildren.Select(child => child.InstanceId));
    }

    [Theory]
    [InlineData("parent", 2, 7, 5L, false)]
    [InlineData("parent", 2, 7, 4L, true)]
    [InlineData("parent", 2, 8, 5L, true)]
    [InlineData("parent", 3, 7, 5L, true)]
    [InlineData("other", 2, 7, 5L, true)]
    public void Only_its_own_parent_takes_a_sub_orchestration_with_it(string id, int execution, int taskId, long key, bool goesOn)
    {
        var termination = new ExecutionTerminated(null, Recursive: true, new(id, "Caller", execution, taskId, key));

        Assert.Equal(goesOn, Waiting(new("parent", "Caller", 2, 7, 5)).Step(termination).End is null);
        Assert.True(Waiting(null).Step(termination).End is null);
        // As an older version started it.
        Assert.Equal(goesOn && key == 5, Waiting(new("parent", "Caller", 2, 7)).Step(termination).End is null);

        static Stepped Waiting(ParentTask? parent)
        {
            var stepped = new Stepped(async context => await context.WaitForExternalEvent<string>("never"));
            stepped.Step(Stepped.Started(parent: parent));
            return stepped;
        }
    }

    [Fact]
    public void Plain_termination_leaves_sub_orchestrations_alone()
    {
        var stepped = new Stepped(TwoChildrenAsync);
        stepped.Start();

        Assert.Empty(stepped.Step(new ExecutionTerminated(null, Recursive: false)).OpenChildren);
    }

    private static async Task<object?> TwoChildrenAsync(TaskOrchestrationContext context)
    {
        await Task.WhenAll(context.CallSubOrchestratorAsync("Child"), context.CallSubOrchestratorAsync("Child"));
        return null;
    }
}
