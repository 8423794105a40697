using BuildingMgmt.Testing;

namespace BuildingMgmt.LocalStack.Tests;

public sealed class OutsideServicesTests(PostgresFixture postgres, AzuriteFixture azurite, EventHubsFixture eventHubs)
    : IClassFixture<EventHubsFixture>
{
    [Fact]
    public async Task Services_from_outside_are_used_and_not_started()
    {
        await using var database = await postgres.CreateEmptyDatabaseAsync(TestContext.Current.CancellationToken);
        await using var stack = await RunningStack.StartAsync(
            "--no-demo", "--postgres", database.ConnectionString, "--storage", azurite.ConnectionString,
            "--event-hubs", eventHubs.ConnectionString);

        Assert.Equal("app-0", Assert.Single(stack.Run.Processes).Name);
        Assert.Equal(database.ConnectionString, stack.Run.Postgres);
        Assert.Equal(azurite.ConnectionString, stack.Run.Storage);
        Assert.Equal(eventHubs.ConnectionString, stack.Run.EventHubs);
        Assert.Empty(stack.Run.Buildings);
        using var client = await stack.LoginAsync("admin", TestContext.Current.CancellationToken);
    }
}
