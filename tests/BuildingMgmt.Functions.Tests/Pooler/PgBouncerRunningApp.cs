using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.Pooler;

/// <summary>The built app as a process, whose database lies behind PgBouncer.</summary>
public sealed class PgBouncerRunningApp : RunningApp
{
    private readonly PgBouncerFixture pooler;

    public PgBouncerRunningApp(PostgresFixture postgres)
        : this(new PgBouncerFixture(postgres))
    {
    }

    private PgBouncerRunningApp(PgBouncerFixture pooler)
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
