using BuildingMgmt.Database;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.Database;

public class SchemaMigratorTests(PostgresFixture postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fresh_database_gets_every_migration_once()
    {
        await using var database = await postgres.CreateEmptyDatabaseAsync(Token);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        Assert.Equal(SchemaMigrator.LatestVersion, await SchemaMigrator.MigrateAsync(source, Token));
        Assert.Equal(0, await SchemaMigrator.MigrateAsync(source, Token));
        Assert.Equal(SchemaMigrator.LatestVersion, await ScalarAsync<long>(source, "SELECT count(*) FROM schema_migration"));
    }

    [Fact]
    public async Task Older_database_keeps_its_rows_and_gets_what_is_new()
    {
        await using var database = await postgres.CreateEmptyDatabaseAsync(Token);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        Assert.Equal(1, await SchemaMigrator.MigrateAsync(source, 1, Token));
        await ScalarAsync<object>(source, "INSERT INTO building (building_id, name, time_zone) VALUES (gen_random_uuid(), 'Old', 'Etc/UTC')");
        Assert.Equal(SchemaMigrator.LatestVersion - 1, await SchemaMigrator.MigrateAsync(source, Token));
        Assert.Equal("Old", await ScalarAsync<string>(source, "SELECT name FROM building"));
    }

    [Fact]
    public async Task Processes_that_migrate_at_once_take_turns()
    {
        await using var database = await postgres.CreateEmptyDatabaseAsync(Token);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        var applied = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => SchemaMigrator.MigrateAsync(source, Token)));
        Assert.Equal(SchemaMigrator.LatestVersion, applied.Sum());
    }

    [Fact]
    public async Task Failed_migration_is_named_and_leaves_nothing_behind()
    {
        await using var database = await postgres.CreateEmptyDatabaseAsync(Token);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await SchemaMigrator.MigrateAsync(source, 1, Token);
        await ScalarAsync<object>(source, "CREATE TABLE dead_letter (); SELECT 1");
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => SchemaMigrator.MigrateAsync(source, Token));
        Assert.Contains("0002_readings", exception.Message, StringComparison.Ordinal);
        Assert.Equal(1L, await ScalarAsync<long>(source, "SELECT count(*) FROM schema_migration"));

        await ScalarAsync<object>(source, "DROP TABLE dead_letter; SELECT 1");
        Assert.Equal(SchemaMigrator.LatestVersion - 1, await SchemaMigrator.MigrateAsync(source, Token));
    }

    [Fact]
    public async Task Database_newer_than_this_build_is_left_as_it_is()
    {
        await using var database = await postgres.CreateDatabaseAsync(Token);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await ScalarAsync<object>(source, "INSERT INTO schema_migration (version, name) VALUES (9999, 'of a later build'); SELECT 1");
        Assert.Equal(0, await SchemaMigrator.MigrateAsync(source, Token));
    }

    [Fact]
    public async Task Sessions_that_need_the_same_month_make_one_partition()
    {
        await using var database = await postgres.CreateDatabaseAsync(Token);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => ScalarAsync<object>(source, "SELECT create_reading_partition('2026-10-31T23:59:59Z')::text")));
        Assert.Equal(
            "FOR VALUES FROM ('2026-10-01 00:00:00+00') TO ('2026-11-01 00:00:00+00')",
            await ScalarAsync<string>(source, "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'reading_2026_10'"));
    }

    private static async Task<T?> ScalarAsync<T>(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return (T?)await command.ExecuteScalarAsync(Token);
    }
}
