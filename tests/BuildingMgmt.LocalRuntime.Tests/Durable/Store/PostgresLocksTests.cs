using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.Testing;
using Npgsql;
using static BuildingMgmt.LocalRuntime.Tests.Durable.Store.StoreCalls;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

/// <summary>Calls that meet at an instance's lock, and what PostgreSQL rolls back.</summary>
public sealed class PostgresLocksTests(PostgresStores stores) : IClassFixture<PostgresStores>
{
    private const string InstanceOf = "(SELECT key FROM durable.instance JOIN durable.hub USING (hub) WHERE hub.name = $1 AND id = $2)";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Event_that_waited_for_a_step_is_due_although_the_step_has_used_up_all_that_was()
    {
        var (hub, store, worker, _) = await WorkingAsync();
        await store.RaiseAsync("a");
        var sent = await DuringStepAsync(hub, () => store.RaiseAsync("a", "Late"));
        Assert.True(await sent);
        var message = Assert.Single((await store.TakeOneAsync(worker)).Messages);
        Assert.Equal("Late", Assert.IsType<EventRaised>(message.Event).Name);
    }

    [Fact]
    public async Task Result_that_waited_for_a_step_is_due_although_the_step_has_used_up_all_that_was()
    {
        var (hub, store, worker, work) = await WorkingAsync();
        await store.RaiseAsync("a");
        var sent = await DuringStepAsync(hub, () => ResultAsync(store, worker, work));
        // It does not wait for long.
        var receipt = await sent is { Locked: false } had ? had : await ResultAsync(store, worker, work);
        Assert.True(receipt.Accepted);
        var message = Assert.Single((await store.TakeOneAsync(worker)).Messages);
        Assert.Equal("late", Assert.IsType<TaskCompleted>(message.Event).Output);
    }

    [Fact]
    public async Task Instance_that_somebody_holds_keeps_only_those_waiting_that_write_to_it()
    {
        var (hub, store, worker, work) = await WorkingAsync();
        foreach (var id in (string[])["held", "sends", "starts", "other"])
            await store.CreateAsync(id, worker);
        var taken = (await store.TakeAsync(worker)).Instances.ToDictionary(instance => instance.InstanceId);
        StepCommit[] steps =
        [
            taken["sends"].Step() with { Messages = [new("held", null, new EventRaised("Hello", null, Guid.NewGuid()))] },
            taken["other"].Step() with { Activities = [Activity(2)] },
            taken["held"].Step(),
            taken["starts"].Step() with { Children = [new("held", Start()), new("child", Start())] },
        ];

        await using (var connection = await stores.Source.OpenConnectionAsync(Token))
        await using (var transaction = await connection.BeginTransactionAsync(Token))
        {
            await using var hold = new NpgsqlCommand($"SELECT FROM durable.instance WHERE key = {InstanceOf} OR id = 'a' FOR UPDATE", connection, transaction);
            hold.Parameters.Add(new NpgsqlParameter<string> { TypedValue = hub });
            hold.Parameters.Add(new NpgsqlParameter<string> { TypedValue = "held" });
            await hold.ExecuteNonQueryAsync(Token);
            var receipts = await store.CommitStepsAsync(worker, steps, 1, Token);
            Assert.Equal([(false, true), (true, false), (false, true), (false, true)], receipts.Select(receipt => (receipt.Accepted, receipt.Locked)));
            var activity = Assert.Single(receipts[1].Activities);
            var results = await store.CommitResultsAsync(worker, [new(work, new TaskCompleted(1, null)), new(activity, new TaskCompleted(2, null))], Token);
            Assert.Equal([(false, true), (true, false)], results.Select(result => (result.Accepted, result.Locked)));
        }

        var later = await store.CommitStepsAsync(worker, [.. steps.Where(step => step.InstanceId != "other")], 0, Token);
        Assert.All(later, receipt => Assert.True(receipt.Accepted));
        Assert.True((await ResultAsync(store, worker, work)).Accepted);
    }

    [Fact]
    public async Task What_was_rolled_back_for_a_deadlock_is_done_again()
    {
        var (hub, store, worker, _) = await WorkingAsync();
        var trigger = $"deadlock_{hub}";
        await stores.ExecuteAsync($"""
            CREATE SEQUENCE {trigger};
            CREATE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF nextval('{trigger}') < 3 THEN
                    RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01';
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER {trigger} BEFORE UPDATE ON durable.instance FOR EACH ROW WHEN (NEW.id = 'a') EXECUTE FUNCTION {trigger}();
            """);
        try
        {
            Assert.True(await store.RaiseAsync("a"));
            Assert.Single((await store.TakeOneAsync(worker)).Messages);
        }
        finally
        {
            await stores.ExecuteAsync($"DROP TRIGGER {trigger} ON durable.instance");
        }
    }

    /// <summary>An instance "a" at rest, with an activity.</summary>
    private async Task<(string Hub, PostgresDurableStore Store, long Worker, ActivityWork Work)> WorkingAsync()
    {
        var hub = stores.NewHub();
        var store = await stores.OpenAsync(hub);
        var worker = await store.EnterAsync(Token);
        await store.CreateAsync("a", worker);
        var step = (await store.TakeOneAsync(worker)).Step() with { Activities = [Activity(1)] };
        return (hub, store, worker, Assert.Single((await store.CommitAsync(worker, step, activitiesMax: 1)).Activities));
    }

    private static async Task<ResultReceipt> ResultAsync(PostgresDurableStore store, long worker, ActivityWork work) =>
        Assert.Single(await store.CommitResultsAsync(worker, [new(work, new TaskCompleted(1, "late"))], Token));

    /// <summary>Calls while a transaction holds the instance as a step does, and then uses up all its messages.</summary>
    private async Task<Task<T>> DuringStepAsync<T>(string hub, Func<Task<T>> call)
    {
        const string waitingSql = """
            SELECT EXISTS (
                SELECT FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock' AND pg_blocking_pids(pid) @> ARRAY[$1])
            """;
        await using var connection = await stores.Source.OpenConnectionAsync(Token);
        await using var transaction = await connection.BeginTransactionAsync(Token);
        await RunAsync($"SELECT FROM durable.instance WHERE key = {InstanceOf} FOR NO KEY UPDATE");
        var calling = call();
        await Eventually.TrueAsync(
            () => stores.ScalarAsync<bool>(waitingSql, connection.ProcessID), TimeSpan.FromSeconds(30), "the call waits for the lock", Token);
        await RunAsync($"DELETE FROM durable.message WHERE instance = {InstanceOf}");
        await RunAsync($"UPDATE durable.instance SET step = step + 1, next_due = NULL WHERE key = {InstanceOf}");
        await transaction.CommitAsync(Token);
        return calling;

        async Task RunAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection, transaction);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = hub });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = "a" });
            await command.ExecuteNonQueryAsync(Token);
        }
    }
}
