using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using Npgsql;
using static BuildingMgmt.LocalRuntime.Tests.Durable.Store.StoreCalls;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

/// <summary>Several processes at one hub: what belongs to whom, and what is refused.</summary>
public class PostgresOwnershipTests(PostgresStores stores) : IClassFixture<PostgresStores>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_stores_that_take_at_once_share_without_overlap()
    {
        var hub = stores.NewHub();
        var (first, second) = (await stores.OpenAsync(hub), await stores.OpenAsync(hub));
        var (one, two) = (await first.EnterAsync(Token), await second.EnterAsync(Token));
        for (var index = 0; index < 200; index++)
            await first.CreateAsync($"i{index:000}");

        var taken = new List<string>();
        while (taken.Count < 200)
        {
            Assert.True(await first.RenewAsync(one, Token) && await second.RenewAsync(two, Token));
            var both = await Task.WhenAll(first.TakeAsync(one, instances: 7, busy: [.. taken]), second.TakeAsync(two, instances: 7, busy: [.. taken]));
            Assert.True(both.Sum(part => part.Instances.Count) > 0 || taken.Count == 200);
            taken.AddRange(both.SelectMany(part => part.Instances).Select(instance => instance.InstanceId));
        }

        Assert.Equal(200, taken.Distinct().Count());
    }

    [Fact]
    public async Task Worker_lives_although_others_hold_all_connections()
    {
        await using var single = NpgsqlDataSource.Create(stores.ConnectionString + ";Maximum Pool Size=1");
        var store = await stores.OpenAsync(stores.NewHub(), single);
        var worker = await store.EnterAsync(Token);
        await using var held = await single.OpenConnectionAsync(Token);
        Assert.True(await store.RenewAsync(worker, Token));
        Assert.True(await store.RenewAsync(worker, Token));
    }

    [Fact]
    public async Task Displaced_worker_is_refused_in_all_that_it_writes()
    {
        var hub = stores.NewHub();
        var (first, second) = (await stores.OpenAsync(hub), await stores.OpenAsync(hub));
        var dead = await first.EnterAsync(Token);
        await first.CreateAsync("a", dead);
        var step = (await first.TakeOneAsync(dead)).Step() with { Activities = [Activity(1)] };
        var work = Assert.Single((await first.CommitAsync(dead, step, activitiesMax: 5)).Activities);
        await first.RaiseAsync("a");
        var stale = await first.TakeOneAsync(dead);

        await stores.ExpireAsync(dead);
        Assert.False(await first.RenewAsync(dead, Token));
        var heir = await second.EnterAsync(Token);
        var inherited = await second.TakeAsync(heir, activities: 5);
        Assert.Equal("a", Assert.Single(inherited.Instances).InstanceId);
        Assert.Equal(work.Id, Assert.Single(inherited.Activities).Id);

        Assert.False((await first.CommitAsync(dead, stale.Step())).Accepted);
        Assert.False(Assert.Single(await first.CommitResultsAsync(dead, [new(work, new TaskCompleted(1, "late"))], Token)).Accepted);
        await first.ReleaseAsync(dead, ["a"], Token);
        Assert.Empty(await first.LoadAsync(dead, ["a"], Token));
        Assert.False((await first.TakeAsync(dead)).WorkerLives);

        var receipt = await second.CommitAsync(heir, inherited.Instances[0].Step());
        Assert.True(receipt.Accepted);
        Assert.Equal(new ResultReceipt(true, true), Assert.Single(await second.CommitResultsAsync(heir, [new(work, new TaskCompleted(1, "ok"))], Token)));
        var result = Assert.Single((await second.TakeOneAsync(heir)).Messages);
        Assert.Equal("ok", Assert.IsType<TaskCompleted>(result.Event).Output);
    }

    [Fact]
    public async Task Step_whose_answer_was_lost_is_found_done_and_doubles_nothing()
    {
        var hub = stores.NewHub();
        await using var cut = await CutConnection.ToAsync(stores.ConnectionString);
        var (plain, frail) = (await stores.OpenAsync(hub), await stores.OpenAsync(hub, cut.Source));
        var worker = await plain.EnterAsync(Token);
        await plain.CreateAsync("parent", worker);
        await plain.CreateAsync("other");
        var taken = Assert.Single((await plain.TakeAsync(worker, busy: ["other"])).Instances);
        var step = taken.Step() with
        {
            Activities = [Activity(1), Activity(2)],
            Messages = [new("other", null, new EventRaised("Hello", null, Guid.NewGuid())), new("parent", 0, new TimerFired(3), DateTimeOffset.MaxValue.AddYears(-1))],
            Children = [new("child", Start(parent: new("parent", "Flow", 0, 4)))],
        };

        cut.AnswersAreLost();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => frail.CommitAsync(worker, step, activitiesMax: 1));
        await cut.UntilStoredAsync(() => stores.ScalarAsync<bool>(
            "SELECT step = 1 FROM durable.instance JOIN durable.hub USING (hub) WHERE hub.name = $1 AND id = 'parent'", hub));

        var again = await plain.CommitAsync(worker, step, activitiesMax: 1);
        Assert.False(again.Accepted);
        Assert.Empty(again.Activities);
        const string counts = """
            SELECT (SELECT count(*) FROM durable.work JOIN durable.hub USING (hub) WHERE hub.name = $1)
                || '/' || (SELECT count(*) FROM durable.message AS m JOIN durable.instance AS i ON i.key = m.instance JOIN durable.hub USING (hub) WHERE hub.name = $1)
                || '/' || (SELECT count(*) FROM durable.history AS h JOIN durable.instance AS i ON i.key = h.instance JOIN durable.hub USING (hub) WHERE hub.name = $1)
            """;
        // Two activities; the start of "other" and of the child, the event and the timer; one step.
        Assert.Equal("2/4/1", await stores.ScalarAsync<string>(counts, hub));

        // The activity that it was given without hearing of it comes again, because it does not name it.
        Assert.Equal(2, (await plain.TakeAsync(worker, instances: 0, activities: 5)).Activities.Count);
    }

    [Fact]
    public async Task Result_whose_answer_was_lost_is_found_done_and_arrives_once()
    {
        var hub = stores.NewHub();
        await using var cut = await CutConnection.ToAsync(stores.ConnectionString);
        var (plain, frail) = (await stores.OpenAsync(hub), await stores.OpenAsync(hub, cut.Source));
        var worker = await plain.EnterAsync(Token);
        await plain.CreateAsync("a", worker);
        var step = (await plain.TakeOneAsync(worker)).Step() with { Activities = [Activity(1)] };
        var work = Assert.Single((await plain.CommitAsync(worker, step, activitiesMax: 1)).Activities);
        var result = new ActivityResult(work, new TaskCompleted(1, "ok"));

        cut.AnswersAreLost();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => frail.CommitResultsAsync(worker, [result], Token));
        await cut.UntilStoredAsync(async () => await stores.ScalarAsync<long>(
            "SELECT count(*) FROM durable.work JOIN durable.hub USING (hub) WHERE hub.name = $1", hub) == 0);
        Assert.False(Assert.Single(await plain.CommitResultsAsync(worker, [result], Token)).Accepted);
        Assert.Single((await plain.TakeOneAsync(worker)).Messages);
    }

    [Fact]
    public async Task Message_sent_while_its_instance_is_stepped_is_never_forgotten()
    {
        var hub = stores.NewHub();
        var (first, second) = (await stores.OpenAsync(hub), await stores.OpenAsync(hub));
        var worker = await first.EnterAsync(Token);
        await first.CreateAsync("busy", worker);
        const int events = 300;
        var sending = Task.Run(
            async () =>
            {
                for (var index = 0; index < events; index++)
                    Assert.True(await second.RaiseAsync("busy"));
            },
            Token);

        var received = 0;
        while (!sending.IsCompleted)
            await StepAsync();

        // No wake, no other message would help one that the step behind the others had not counted.
        await sending;
        await StepAsync();
        Assert.Equal(events, received);
        Assert.Empty((await first.TakeAsync(worker)).Instances);

        async Task StepAsync()
        {
            Assert.True(await first.RenewAsync(worker, Token));
            foreach (var instance in (await first.TakeAsync(worker)).Instances)
            {
                received += instance.Messages.Count(message => message.Event is EventRaised);
                Assert.True((await first.CommitAsync(worker, instance.Step())).Accepted);
            }
        }
    }

    [Fact]
    public async Task Message_is_for_an_instance_that_goes_on_or_it_is_refused()
    {
        var hub = stores.NewHub();
        var (first, second) = (await stores.OpenAsync(hub), await stores.OpenAsync(hub));
        var worker = await first.EnterAsync(Token);
        for (var round = 0; round < 50; round++)
        {
            var id = $"r{round}";
            await first.CreateAsync(id, worker);
            var taken = await first.TakeOneAsync(worker);
            await Task.WhenAll(first.CommitAsync(worker, taken.End()), second.RaiseAsync(id), second.RaiseAsync(id));
        }

        Assert.Equal(0L, await stores.ScalarAsync<long>(
            "SELECT count(*) FROM durable.message AS m JOIN durable.instance AS i ON i.key = m.instance JOIN durable.hub USING (hub) WHERE hub.name = $1", hub));
    }

    [Fact]
    public async Task Steps_that_write_to_each_other_from_many_processes_all_get_through()
    {
        var hub = stores.NewHub();
        string[] ids = ["a", "b", "c", "d", "e", "f"];
        var processes = new List<(PostgresDurableStore Store, long Worker, string[] Mine)>();
        for (var process = 0; process < 3; process++)
        {
            var store = await stores.OpenAsync(hub);
            var worker = await store.EnterAsync(Token);
            string[] mine = [ids[process], ids[5 - process]];
            foreach (var id in mine)
                await store.CreateAsync(id, worker);
            processes.Add((store, worker, mine));
        }

        await Task.WhenAll(processes.Select(async process =>
        {
            for (var round = 0; round < 40; round++)
            {
                Assert.True(await process.Store.RenewAsync(process.Worker, Token));
                var taken = await process.Store.TakeAsync(process.Worker);
                var random = new Random(round);
                var steps = taken.Instances.Select(instance => instance.Step() with
                {
                    Messages = [.. ids.OrderBy(_ => random.Next()).Select(id => new NewMessage(id, null, new EventRaised("Hi", null, Guid.NewGuid())))],
                });
                StepCommit[] shuffled = [.. steps.OrderBy(_ => random.Next())];
                Assert.All(await process.Store.CommitStepsAsync(process.Worker, shuffled, 0, Token), receipt => Assert.True(receipt.Accepted));
            }
        }));
    }
}
