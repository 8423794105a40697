using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.Ingest;

/// <summary>Who stops in the middle of storing must not keep a partition for ever.</summary>
public class FrozenSessionsTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private TestDatabase database = null!;
    private IngestApp app = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync(Token);
        app = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        await database.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Partition_is_taken_from_an_instance_that_froze_in_the_middle_of_its_copy_and_those_that_work_are_left_alone()
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString + ";Pooling=false;Application Name=building-mgmt write");
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:58:00", 1)));
        await using var frozen = await source.OpenConnectionAsync(Token);
        await using (var hold = new NpgsqlCommand("BEGIN; SELECT FROM ingest_position FOR UPDATE", frozen))
            await hold.ExecuteNonQueryAsync(Token);
        await using var slow = await source.OpenConnectionAsync(Token);
        await using var slowTransaction = await slow.BeginTransactionAsync(Token);
        var slowCopy = await slow.BeginTextImportAsync("COPY reading (time, value, point_id, quality) FROM STDIN", Token);
        await using var busy = await source.OpenConnectionAsync(Token);
        await using var work = new NpgsqlCommand("SELECT 1", busy);
        await using var busyTransaction = await busy.BeginTransactionAsync(Token);
        // It has sent something, and will send no more.
        var frozenCopy = await frozen.BeginTextImportAsync("COPY reading (time, value, point_id, quality) FROM STDIN", Token);
        await frozenCopy.WriteAsync("2026-03-10T11:00:00Z\t1\t-1\t0\n");
        await frozenCopy.FlushAsync(Token);

        await using var other = await IngestApp.StartAsync(
            database.ConnectionString, azurite.ConnectionString, settings: ("Ingest:FrozenAfterSeconds", "1"));
        var taken = StoreWhenFreeAsync(other, app.Events(Batch.Of(Batch.Co2(0, "11:59:00", 2))));
        var rows = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                await slowCopy.WriteAsync($"{TestBuilding.Now.AddSeconds(rows++):O}\t1\t-2\t0\n");
                await slowCopy.FlushAsync(Token);
                await work.ExecuteScalarAsync(Token);
                return taken.IsCompleted;
            },
            TimeSpan.FromSeconds(90),
            "the partition is taken",
            Token);
        await taken;

        await slowCopy.DisposeAsync();
        await slowTransaction.CommitAsync(Token);
        await busyTransaction.CommitAsync(Token);
        Assert.Equal($"{rows}", await app.QueryAsync("SELECT count(*) FROM reading WHERE point_id = -2"));
        Assert.Equal("gw 2 2=2+0+0", await app.LedgerAsync());
        Assert.Single(other.Log.Of(LogEvents.StaleSessionsEnded));
        await Assert.ThrowsAnyAsync<Exception>(async () => await frozenCopy.DisposeAsync());
    }

    // As the host does: again and again while another holds the partition.
    private static async Task StoreWhenFreeAsync(IngestApp app, IncomingEvent[] events)
    {
        while (true)
        {
            try
            {
                await app.StoreAsync(events);
                return;
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                Token.ThrowIfCancellationRequested();
            }
        }
    }
}
