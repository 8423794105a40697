using BuildingMgmt.Testing;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Functions;

/// <summary>One host with the sample functions for all tests of a class, on a database of its own.</summary>
public class SampleApp(PostgresFixture postgres) : IAsyncLifetime
{
    private TestDatabase _database = null!;

    internal DurableApp App { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync()
    {
        _database = await postgres.CreateEmptyDatabaseAsync();
        App = await DurableApp.StartAsync(_database);
    }

    public virtual async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await _database.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
