using System.Buffers.Binary;
using Azure.Data.Tables;
using BuildingMgmt.LocalStack.Data;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.EndToEnd.Tests;

/// <summary>Reads the latest-value table by its documented layout, and by none of the product's code.</summary>
internal static class LatestValueTable
{
    /// <summary>Waits until the table and PostgreSQL's newest rows are equal, point for point.</summary>
    public static Task AssertEqualsNewestRowsAsync(RunFile run, CancellationToken cancellationToken) =>
        Eventually.TrueAsync(
            async () =>
            {
                var newest = await NewestRowsAsync(run, cancellationToken);
                var table = await ReadAsync(run, cancellationToken);
                return newest.Count > 0 && newest.Count == table.Count
                    && newest.All(row => table.TryGetValue(row.Key, out var value) && value == row.Value);
            },
            TimeSpan.FromSeconds(90), "the latest values equal the newest rows of PostgreSQL", cancellationToken);

    private static async Task<Dictionary<int, (long Micros, double Value)>> NewestRowsAsync(RunFile run, CancellationToken cancellationToken)
    {
        await using var postgres = NpgsqlDataSource.Create(run.Postgres);
        await using var command = postgres.CreateCommand("""
            SELECT DISTINCT ON (point_id) point_id, (extract(epoch FROM time) * 1000000)::bigint, value
            FROM reading
            ORDER BY point_id, time DESC
            """);
        var newest = new Dictionary<int, (long, double)>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            newest.Add(row.GetInt32(0), (row.GetInt64(1), row.GetDouble(2)));
        return newest;
    }

    private static async Task<Dictionary<int, (long Micros, double Value)>> ReadAsync(RunFile run, CancellationToken cancellationToken)
    {
        var values = new Dictionary<int, (long, double)>();
        await foreach (var floor in new TableClient(run.Storage, "latest").QueryAsync<TableEntity>(cancellationToken: cancellationToken))
        {
            for (var chunk = 0; floor.TryGetValue($"P{chunk}", out var bytes); chunk++)
            {
                for (var packed = ((byte[])bytes).AsSpan(); packed.Length >= 24; packed = packed[24..])
                {
                    values.Add(
                        BinaryPrimitives.ReadInt32LittleEndian(packed),
                        (BinaryPrimitives.ReadInt64LittleEndian(packed[8..]), BinaryPrimitives.ReadDoubleLittleEndian(packed[16..])));
                }
            }
        }

        return values;
    }
}
