using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Logging;
using Npgsql;
using static BuildingMgmt.LocalRuntime.Tests.Durable.Store.StoreCalls;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

/// <summary>Who is told that there may be something to take.</summary>
public sealed class PostgresWakesTests(PostgresStores stores) : IClassFixture<PostgresStores>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_one_process_leaves_wakes_another()
    {
        var hub = stores.NewHub();
        var (first, second) = (await stores.OpenAsync(hub), await stores.OpenAsync(hub));
        await using var listener = await Listener.StartAsync(second);

        await first.CreateAsync("a");
        await listener.WokenAsync("an instance without an owner was made");

        var taken = await second.TakeOneAsync(listener.Worker);
        await second.CommitAsync(listener.Worker, taken.Step());
        await first.RaiseAsync("a");
        await listener.WokenAsync("an event was sent to its instance");
    }

    [Fact]
    public async Task Result_that_one_process_brings_wakes_the_owner_of_the_instance_and_nobody_else()
    {
        var hub = stores.NewHub();
        var (first, second, third) = (await stores.OpenAsync(hub), await stores.OpenAsync(hub), await stores.OpenAsync(hub));
        await using var owner = await Listener.StartAsync(second);
        await using var bystander = await Listener.StartAsync(third);
        var worker = await first.EnterAsync(Token);
        await second.CreateAsync("a", owner.Worker);
        var step = (await second.TakeOneAsync(owner.Worker)).Step() with { Activities = [Activity(1)] };
        await second.CommitAsync(owner.Worker, step);
        await bystander.WokenAsync("an activity without an owner was scheduled");
        var work = Assert.Single((await first.TakeAsync(worker, instances: 0, activities: 1)).Activities);
        Assert.Equal(0, owner.Wakes);

        await first.CommitResultsAsync(worker, [new(work, new TaskCompleted(1, null))], Token);
        await owner.WokenAsync("the result of its activity came");

        // Words arrive in the order in which they were said: this one behind any that the result may have caused.
        await first.CreateAsync("b");
        await Eventually.TrueAsync(() => Task.FromResult(bystander.Wakes > 0), Deadline, "an instance without an owner was made", Token);
        Assert.Equal(1, bystander.Wakes);
    }

    [Fact]
    public async Task Workers_of_the_same_process_are_woken_without_the_database()
    {
        var hub = stores.NewHub();
        var store = await stores.OpenAsync(hub);
        await using var listener = await Listener.StartAsync(store);

        await store.CreateAsync("a");

        Assert.Equal(1, listener.Wakes);
    }

    [Fact]
    public async Task Listener_whose_connection_was_ended_listens_again_and_looks_for_what_it_has_missed()
    {
        var hub = stores.NewHub();
        var log = new CollectedLog();
        await using var second = await PostgresDurableStore.OpenAsync(stores.Source, hub, TimeProvider.System, log, Token);
        var first = await stores.OpenAsync(hub);
        await using var listener = await Listener.StartAsync(second);
        const string endSql = """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND datname = current_database() AND query LIKE 'LISTEN durable_%'
            """;
        await stores.ScalarAsync<long>(endSql);

        await listener.WokenAsync("it listens again");
        await first.CreateAsync("a");
        await listener.WokenAsync("it hears what is said");
        Assert.Equal([520, 521], log.Ids);
    }

    [Fact]
    public async Task Pooler_that_hands_on_no_notification_is_told_of_once_and_the_process_goes_on()
    {
        await using var pooler = new DeafPooler(stores.ConnectionString);
        var log = new CollectedLog();
        await using var source = NpgsqlDataSource.Create(pooler.ConnectionString);
        await using var store = await PostgresDurableStore.OpenAsync(source, stores.NewHub(), TimeProvider.System, log, Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var worker = await store.EnterAsync(Token);
        var listening = store.ListenAsync(worker, () => { }, stop.Token);

        await Eventually.TrueAsync(() => Task.FromResult(pooler.Listens >= 2), Deadline, "it has tried again", Token);
        await store.CreateAsync("a", worker);
        Assert.Equal("a", (await store.TakeOneAsync(worker)).InstanceId);
        await stop.CancelAsync();
        await listening;
        Assert.Equal([520], log.Ids);
    }

    private sealed class Listener : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private Task? listening;
        private int wakes;

        public long Worker { get; private init; }

        public int Wakes => Volatile.Read(ref wakes);

        /// <summary>Of a process that hears what is said.</summary>
        public static async Task<Listener> StartAsync(PostgresDurableStore store)
        {
            var listener = new Listener { Worker = await store.EnterAsync(Token) };
            listener.listening = store.ListenAsync(listener.Worker, () => Interlocked.Increment(ref listener.wakes), listener.stop.Token);
            await listener.WokenAsync("it has connected");
            return listener;
        }

        /// <summary>Forgets the wakes that have come.</summary>
        public Task WokenAsync(string why) =>
            Eventually.TrueAsync(() => Task.FromResult(Interlocked.Exchange(ref wakes, 0) > 0), Deadline, why, Token);

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await listening!;
            stop.Dispose();
        }
    }

    private sealed class CollectedLog : ILogger
    {
        private readonly List<int> ids = [];

        public int[] Ids
        {
            get
            {
                lock (ids)
                    return [.. ids];
            }
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (ids)
                ids.Add(eventId.Id);
        }
    }
}
