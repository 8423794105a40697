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
        var token = TestContext.Current.CancellationToken;
        await using var one = await stores.Source.OpenConnectionAsync(token);
        await using var other = await stores.Source.OpenConnectionAsync(token);
        await using var open = await other.BeginTransactionAsync(token);
        await using var command = one.CreateCommand();
        command.CommandText = "SELECT pg_backend_pid()";
        var sessions = new HashSet<object?>();
        for (var i = 0; i < 2 * PgBouncerFixture.SessionsMax; i++)
            sessions.Add(await command.ExecuteScalarAsync(token));

        Assert.InRange(sessions.Count, 2, PgBouncerFixture.SessionsMax);
    }
}

/// <summary>Several processes at one hub, behind a pooler.</summary>
public sealed class PgBouncerOwnershipTests(PgBouncerStores stores) : PostgresOwnershipTests(stores), IClassFixture<PgBouncerStores>;
