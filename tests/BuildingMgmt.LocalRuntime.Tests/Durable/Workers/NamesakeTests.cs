using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Workers;

/// <summary>Ids come again: an instance is more than its id.</summary>
public sealed class NamesakeTests : IDisposable
{
    private readonly WorkerHarness _hub = new();

    public NamesakeTests()
    {
        _hub.Orchestrators["Waits"] = async context => await context.WaitForExternalEvent<string>("go");
        _hub.Orchestrators["Parent"] = async context =>
            await context.CallSubOrchestratorAsync<string>("Waits", options: new SubOrchestrationOptions(instanceId: context.GetInput<string>()!));
        _hub.Start();
    }

    [Fact]
    public void Sub_orchestration_of_a_purged_parent_answers_none_that_bears_its_id()
    {
        _hub.Create("parent", "Parent", "\"first\"");
        _hub.RunUntil(() => _hub.State("first") is { Status: 0 });
        _hub.Send("parent", new ExecutionTerminated(null, Recursive: false));
        _hub.RunUntilEnded("parent");
        Assert.True(_hub.Purge("parent"));
        _hub.Create("parent", "Parent", "\"second\"");
        _hub.RunUntil(() => _hub.State("second") is { Status: 0 });

        _hub.Send("first", new EventRaised("go", "\"old\"", Guid.NewGuid()));
        _hub.RunUntilEnded("first");
        _hub.RunFor(TimeSpan.FromMinutes(1));
        Assert.Null(_hub.State("parent")!.EndedAt);
        _hub.Send("second", new EventRaised("go", "\"new\"", Guid.NewGuid()));

        Assert.Equal("\"new\"", _hub.RunUntilEnded("parent").Output);
    }

    [Fact]
    public void Recursive_termination_leaves_alone_who_has_the_id_of_a_sub_orchestration()
    {
        _hub.Create("stranger", "Waits");
        _hub.RunUntil(() => _hub.State("stranger") is { Status: 0 });
        _hub.Create("parent", "Parent", "\"stranger\"");
        _hub.Send("parent", new ExecutionSuspended(null));
        _hub.RunUntil(() => _hub.State("parent") is { Status: 7 });

        _hub.Send("parent", new ExecutionTerminated(null, Recursive: true));
        _hub.RunUntilEnded("parent");
        _hub.RunFor(TimeSpan.FromMinutes(1));

        Assert.Null(_hub.State("stranger")!.EndedAt);
    }

    [Fact]
    public void Word_of_code_that_left_its_instance_is_not_for_one_that_bears_its_id_later()
    {
        var elsewhere = new TaskCompletionSource();
        _hub.Orchestrators["Strays"] = async context =>
        {
            var never = context.WaitForExternalEvent<string>("never");
            await elsewhere.Task.ConfigureAwait(false);
            context.SetCustomStatus("elsewhere");
            return await never;
        };
        _hub.Create("a", "Strays");
        _hub.RunUntil(() => _hub.State("a") is { Status: 0 });
        _hub.Send("a", new ExecutionTerminated(null, Recursive: false));
        _hub.RunUntilEnded("a");
        Assert.True(_hub.Purge("a"));
        _hub.Create("a", "Waits");
        _hub.RunUntil(() => _hub.State("a") is { Status: 0 });

        elsewhere.SetResult();
        _hub.RunUntil(() => _hub.Logged.Contains(LogEvents.OrchestrationLeft));
        _hub.RunFor(TimeSpan.FromMinutes(1));
        Assert.Null(_hub.State("a")!.EndedAt);
        _hub.Send("a", new EventRaised("go", "\"on\"", Guid.NewGuid()));

        Assert.Equal("\"on\"", _hub.RunUntilEnded("a").Output);
    }

    public void Dispose() => _hub.Dispose();
}
