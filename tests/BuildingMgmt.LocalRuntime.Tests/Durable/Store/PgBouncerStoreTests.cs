using System.Text;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.LocalRuntime.Hosting;
using BuildingMgmt.Testing;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

/// <summary>Stores that reach their database through PgBouncer.</summary>
public sealed class PgBouncerStores : PostgresStores
{
    private readonly PgBouncerFixture pooler;

    public PgBouncerStores(PostgresFixture postgres)
        : this(new PgBouncerFixture(postgres))
    {
    }

    private PgBouncerStores(PgBouncerFixture pooler)
        : base(pooler) => this.pooler = pooler;

    public override async ValueTask InitializeAsync()
    {
        await pooler.InitializeAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await pooler.DisposeAsync();
    }
}

/// <summary>The store keeps the promises of all stores behind a pooler, too.</summary>
public sealed class PgBouncerStoreTests(PgBouncerStores stores) : PostgresDurableStoreTests(stores), IClassFixture<PgBouncerStores>
{
    private readonly PgBouncerStores stores = stores;

    // What these tests are worth: whoever keeps something in a session does not find it again.
    [Fact]
    public async Task Every_transaction_may_get_another_session()
    {
        await using var one = await stores.Source.OpenConnectionAsync(Token);
        await using var other = await stores.Source.OpenConnectionAsync(Token);
        await using var open = await other.BeginTransactionAsync(Token);
        await using var command = one.CreateCommand();
        command.CommandText = "SELECT pg_backend_pid()";
        var sessions = new HashSet<object?>();
        for (var i = 0; i < 2 * PgBouncerFixture.SessionsMax; i++)
            sessions.Add(await command.ExecuteScalarAsync(Token));

        Assert.InRange(sessions.Count, 2, PgBouncerFixture.SessionsMax);
    }

    [Fact]
    public async Task That_no_notification_comes_is_told_of_once_and_the_process_goes_on()
    {
        var log = new CollectedLog();
        var listens = 0;
        var (relay, way) = Relay.Before(stores.ConnectionString, asked: text =>
        {
            if (Encoding.ASCII.GetString(text.Span).Contains("LISTEN ", StringComparison.Ordinal))
                Interlocked.Increment(ref listens);
            return true;
        });
        await using var through = relay;
        await using var source = await PostgresConnections.OpenAsync(way, Token);
        await using var store = await PostgresDurableStore.OpenAsync(source, stores.NewHub(), TimeProvider.System, log, Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var worker = await store.EnterAsync(Token);
        var listening = store.ListenAsync(worker, () => { }, stop.Token);

        await Eventually.TrueAsync(
            () => Task.FromResult(Volatile.Read(ref listens) >= 2), TimeSpan.FromSeconds(30), "it has tried again", Token);
        await store.CreateAsync("a", worker);
        Assert.Equal("a", (await store.TakeOneAsync(worker)).InstanceId);
        await stop.CancelAsync();
        await listening;
        Assert.Equal([LogEvents.DurableNotListening], log.Ids);
    }
}

/// <summary>Several processes at one hub, behind a pooler.</summary>
public sealed class PgBouncerOwnershipTests(PgBouncerStores stores) : PostgresOwnershipTests(stores), IClassFixture<PgBouncerStores>;
