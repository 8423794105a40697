using BuildingMgmt.Functions.Tests.Catalogue;
using BuildingMgmt.Functions.Tests.Database;
using BuildingMgmt.Functions.Tests.Ingest;
using BuildingMgmt.Functions.Tests.Orchestrations;
using BuildingMgmt.Functions.Tests.SensorData;
using BuildingMgmt.Testing;

// What these promise holds behind a pooler in transaction mode, too: nothing relies on what a session keeps.
namespace BuildingMgmt.Functions.Tests.Pooler;

/// <summary>Tests against one running app, <see cref="PgBouncerRunningApp"/>.</summary>
[CollectionDefinition(Name)]
public sealed class PgBouncerAppTests : ICollectionFixture<PgBouncerRunningApp>
{
    public const string Name = "Running app behind PgBouncer";
}

[Collection(PgBouncerAppTests.Name)]
public sealed class PgBouncerSensorDataTests(PgBouncerRunningApp app) : PostSensorDataTests(app);

[Collection(PgBouncerAppTests.Name)]
public sealed class PgBouncerCatalogueTests(PgBouncerRunningApp app) : ListCatalogueTests(app);

public sealed class PgBouncerIngestTests(PgBouncerFixture postgres, AzuriteFixture azurite)
    : TelemetryIngestTests(postgres, azurite), IClassFixture<PgBouncerFixture>;

public sealed class PgBouncerFrozenSessionsTests(PgBouncerFixture postgres, AzuriteFixture azurite)
    : FrozenSessionsTests(postgres, azurite), IClassFixture<PgBouncerFixture>;

public sealed class PgBouncerMigratorTests(PgBouncerFixture postgres) : SchemaMigratorTests(postgres), IClassFixture<PgBouncerFixture>;

public sealed class PgBouncerImportTests(PgBouncerFixture postgres) : CatalogueImportTests(postgres), IClassFixture<PgBouncerFixture>;

public sealed class PgBouncerPurgeTests(PgBouncerFixture postgres, AzuriteFixture azurite, EventHubsFixture eventHubs)
    : PurgeOrchestrationsTests(postgres, azurite, eventHubs), IClassFixture<PgBouncerFixture>;
