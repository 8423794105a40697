using Npgsql;

namespace BuildingMgmt.EndToEnd.Tests;

/// <summary>Compares what stands in the view <c>readings</c> with a recorded data set, row for row.</summary>
internal static class StoredReadings
{
    /// <returns>The numbers of rows with a value, of those stored, and of those that came second for their point and moment.</returns>
    public static async Task<(long Sent, long Stored, long Duplicate)> AssertEqualAsync(
        NpgsqlDataSource postgres, RecordedDataSet set, CancellationToken cancellationToken)
    {
        // The first of several rows for one point and moment stays: that is the contract's rule for what is no correction.
        var expected = new Dictionary<RecordedRow, double>();
        long sent = 0;
        foreach (var row in set.RowsWithValue())
        {
            sent++;
            expected.TryAdd(row with { Value = 0 }, row.Value);
        }

        var duplicate = sent - expected.Count;
        var stored = expected.Count;
        var buildings = expected.Keys.Select(row => row.Building).Distinct().ToArray();
        await using var command = postgres.CreateCommand(
            "SELECT building, floor, zone, sensor, metric, time, value FROM readings WHERE building = ANY(@buildings)");
        command.Parameters.AddWithValue("buildings", buildings);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var row = new RecordedRow(
                reader.GetString(0), reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetString(2),
                reader.GetString(3), reader.GetString(4), reader.GetDateTime(5), 0);
            Assert.True(expected.Remove(row, out var value), $"{row} stands in reading but not in the data set, or twice.");
            Assert.Equal(value, reader.GetDouble(6));
        }

        Assert.True(expected.Count == 0, $"{expected.Count} rows of the data set are not in reading, for example {expected.FirstOrDefault()}.");
        return (sent, stored, duplicate);
    }
}
