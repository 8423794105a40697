using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

/// <summary>A database for a class of tests. Every test has a hub of its own in it, and opens as many stores on it as it likes.</summary>
public class PostgresStores(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> opened = [];
    private TestDatabase? database;
    private NpgsqlDataSource? source;
    private int hubs;

    internal NpgsqlDataSource Source => source!;

    internal string ConnectionString => database!.ConnectionString;

    internal PostgresFixture Server => postgres;

    public virtual async ValueTask InitializeAsync()
    {
        database = await postgres.CreateEmptyDatabaseAsync();
        source = await PostgresConnections.OpenAsync(database.ConnectionString, TestContext.Current.CancellationToken);
    }

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var store in opened)
            await store.DisposeAsync();
        await source!.DisposeAsync();
        await database!.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    internal string NewHub() => $"hub{Interlocked.Increment(ref hubs)}";

    internal async Task<PostgresDurableStore> OpenAsync(string hub, NpgsqlDataSource? over = null, TimeProvider? time = null)
    {
        var store = await PostgresDurableStore.OpenAsync(
            over ?? Source, hub, time ?? TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);
        lock (opened)
            opened.Add(store);
        return store;
    }

    /// <summary>What a process that was killed leaves behind, as soon as its lease has run out.</summary>
    internal Task ExpireAsync(long worker) =>
        ExecuteAsync("UPDATE durable.worker SET expires_at = now() - interval '1 second' WHERE worker = $1", worker);

    /// <summary>It is so much later, to all but the workers: every time that was written is so much longer ago.</summary>
    internal async Task PassAsync(string hub, TimeSpan time)
    {
        const string backSql = """
            WITH hub AS (
                SELECT hub FROM durable.hub WHERE name = $1
            ),
            messages AS (
                UPDATE durable.message AS m SET due_at = due_at - $2
                FROM hub JOIN durable.instance AS i ON i.hub = hub.hub WHERE m.instance = i.key
            ),
            work AS (
                UPDATE durable.work AS w SET created_at = created_at - $2 FROM hub WHERE w.hub = hub.hub
            )
            UPDATE durable.instance AS i
            SET next_due = next_due - $2, created_at = created_at - $2, updated_at = updated_at - $2, ended_at = ended_at - $2
            FROM hub WHERE i.hub = hub.hub
            """;
        await ExecuteAsync(backSql, hub, time);
    }

    internal async Task<int> ExecuteAsync(string sql, params object[] values)
    {
        await using var command = Command(sql, values);
        return await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    internal async Task<T> ScalarAsync<T>(string sql, params object[] values)
    {
        await using var command = Command(sql, values);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    private NpgsqlCommand Command(string sql, object[] values)
    {
        var command = Source.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }
}

/// <summary>Calls as a worker makes them, and steps as an engine would.</summary>
internal static class StoreCalls
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static ExecutionStarted Start(string? input = null, ParentTask? parent = null) => new("Order", null, input, parent, null);

    public static Task<CreateResult> CreateAsync(this IDurableStore store, string id, long? owner = null, params int[] replaceable) =>
        store.CreateAsync(new NewInstance(id, Start()), owner, replaceable, Token);

    public static Task<Taken> TakeAsync(
        this IDurableStore store, long worker, int instances = 100, int activities = 0, 
        IReadOnlyCollection<string>? busy = null, IReadOnlyCollection<long>? running = null) =>
        store.TakeAsync(new TakeRequest(worker, busy ?? [], instances, running ?? [], activities), Token);

    public static async Task<TakenInstance> TakeOneAsync(this IDurableStore store, long worker) =>
        Assert.Single((await store.TakeAsync(worker)).Instances);

    public static async Task<StepReceipt> CommitAsync(this IDurableStore store, long worker, StepCommit step, int activitiesMax = 0) =>
        Assert.Single(await store.CommitStepsAsync(worker, [step], activitiesMax, Token));

    public static Task<bool> RaiseAsync(this IDurableStore store, string id, string name = "Ping", Guid? messageId = null)
    {
        var raised = new EventRaised(name, null, messageId ?? Guid.NewGuid());
        return store.SendAsync(new NewMessage(id, null, raised, Id: raised.MessageId), Token);
    }

    /// <summary>A step that uses up all that was taken and goes on.</summary>
    public static StepCommit Step(this TakenInstance taken, bool keep = true) => new()
    {
        InstanceId = taken.InstanceId,
        Step = taken.Step,
        Execution = taken.Execution,
        Consumed = [.. taken.Messages.Select(message => message.Sequence)],
        Appended = [new StepStarted(DateTimeOffset.UnixEpoch.AddSeconds(taken.Step)), .. taken.Messages.Select(message => message.Event)],
        State = new StepState(Statuses.Running, null, null, null),
        Keep = keep,
    };

    public static StepCommit End(this TakenInstance taken, int status = Statuses.Completed, string? output = null) => taken.Step(keep: false) with
    {
        State = new StepState(status, null, output, null),
    };

    public static NewActivity Activity(int taskId) => new(taskId, "Work", null, $"{taskId}", null, null);
}
