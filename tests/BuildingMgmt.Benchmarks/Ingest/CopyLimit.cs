using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;

namespace BuildingMgmt.Benchmarks.Ingest;

/// <summary>The limit of the ingest benchmark: one connection's binary COPY of the same rows, in the order they were sent, straight into <c>reading</c>.</summary>
internal sealed class CopyLimit(NpgsqlDataSource postgres, int[,] pointIds)
{
    /// <returns>Readings per second, the commit included.</returns>
    public async Task<double> MeasureAsync(DateTime start, long count, CancellationToken cancellationToken)
    {
        await using var connection = await postgres.OpenConnectionAsync(cancellationToken);
        var clock = Stopwatch.StartNew();
        await using (var rows = await connection.BeginBinaryImportAsync(
            "COPY reading (time, value, point_id, quality) FROM STDIN (FORMAT BINARY)", cancellationToken))
        {
            for (long index = 0; index < count; index++)
            {
                var reading = Campus.ReadingAt(start, index);
                await rows.StartRowAsync(cancellationToken);
                await rows.WriteAsync(reading.TimeUtc, NpgsqlDbType.TimestampTz, cancellationToken);
                await rows.WriteAsync(reading.Value, NpgsqlDbType.Double, cancellationToken);
                await rows.WriteAsync(pointIds[reading.Sensor, reading.Metric], NpgsqlDbType.Integer, cancellationToken);
                await rows.WriteAsync((short)0, NpgsqlDbType.Smallint, cancellationToken);
            }

            await rows.CompleteAsync(cancellationToken);
        }

        return count / clock.Elapsed.TotalSeconds;
    }
}
