using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

/// <summary>
/// A way to the server that hands on what is asked and, from a moment on, cuts the connection instead of handing back the answer. So the
/// server has done it, and the asker does not know.
/// </summary>
internal sealed class CutConnection : IAsyncDisposable
{
    private readonly Relay relay;
    private volatile bool answersAreLost;

    private CutConnection(string connectionString)
    {
        (relay, var way) = Relay.Before(connectionString, answered: _ => !answersAreLost);
        Source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(way)
        {
            MaxPoolSize = 2,
            // A reset would travel ahead of what is asked, and its answer would cut the connection before that has arrived.
            NoResetOnClose = true,
        });
    }

    public NpgsqlDataSource Source { get; }

    /// <summary>With a connection open, so that the next call is only the call.</summary>
    public static async Task<CutConnection> ToAsync(string connectionString)
    {
        var cut = new CutConnection(connectionString);
        await using var command = cut.Source.CreateCommand("SELECT 1");
        await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
        return cut;
    }

    public void AnswersAreLost() => answersAreLost = true;

    /// <inheritdoc cref="Relay.StandStillAfter"/>
    public void AskingStandsStillAfter(long bytes) => relay.StandStillAfter(bytes);

    /// <summary>What was asked is done by the server even though nobody listens.</summary>
    public Task UntilStoredAsync(Func<Task<bool>> isStored)
    {
        answersAreLost = false;
        return Eventually.TrueAsync(isStored, TimeSpan.FromSeconds(20), "the server has done what it was asked", TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await relay.DisposeAsync();
    }
}
