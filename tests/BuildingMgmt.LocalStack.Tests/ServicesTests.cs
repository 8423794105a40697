using Azure.Data.Tables;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.LocalStack.Tests;

public sealed class ServicesTests(PostgresFixture postgres, AzuriteFixture azurite)
{
    [Fact]
    public async Task Database_of_a_test_holds_the_schema_and_belongs_to_the_apps_role()
    {
        await using var database = await postgres.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand(
            "SELECT count(*) FROM pg_tables WHERE tableowner = 'buildingmgmt' AND tablename IN ('building', 'reading')");
        Assert.Equal(2L, await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Table_store_takes_and_returns_an_entity()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var table = new TableClient(azurite.ConnectionString, "services");
        await table.CreateAsync(cancellationToken);
        await table.AddEntityAsync(new TableEntity("floor", "1") { ["Value"] = 21.5 }, cancellationToken);
        var entity = await table.GetEntityAsync<TableEntity>("floor", "1", cancellationToken: cancellationToken);
        Assert.Equal(21.5, entity.Value.GetDouble("Value"));
    }
}
