using BuildingMgmt.Testing;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Functions;

/// <summary>A host whose orchestrations live behind PgBouncer.</summary>
public sealed class PgBouncerSampleApp : SampleApp
{
    private readonly PgBouncerFixture _pooler;

    public PgBouncerSampleApp(PostgresFixture postgres)
        : this(new PgBouncerFixture(postgres))
    {
    }

    private PgBouncerSampleApp(PgBouncerFixture pooler)
        : base(pooler) => _pooler = pooler;

    public override async ValueTask InitializeAsync()
    {
        await _pooler.InitializeAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _pooler.DisposeAsync();
    }
}

/// <summary>Behind a pooler, which hands on no notification, functions do the same.</summary>
public sealed class PgBouncerFunctionTests(PgBouncerSampleApp app) : DurableFunctionTests(app), IClassFixture<PgBouncerSampleApp>;
