using System.Buffers.Binary;
using System.Diagnostics;
using Npgsql;

namespace BuildingMgmt.Benchmarks.Ingest;

/// <summary>
/// The limit of the ingest benchmark: binary COPY of the same rows straight into <c>reading</c>, by as many connections as the hub
/// has partitions, each with its partition's rows in the order they were sent. The rows are encoded before the clock starts.
/// </summary>
internal sealed class CopyLimit(NpgsqlDataSource postgres, int[,] pointIds)
{
    private const int RowBytes = 2 + (4 + 8) + (4 + 8) + (4 + 4) + (4 + 2);
    private const int BytesPerWrite = 64 * 1024 / RowBytes * RowBytes;
    private static readonly DateTime PostgresEpoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private static readonly ReadOnlyMemory<byte> Header = new byte[]
        { (byte)'P', (byte)'G', (byte)'C', (byte)'O', (byte)'P', (byte)'Y', (byte)'\n', 0xFF, (byte)'\r', (byte)'\n', 0, 0, 0, 0, 0, 0, 0, 0, 0 };

    private static readonly ReadOnlyMemory<byte> Trailer = new byte[] { 0xFF, 0xFF };

    /// <returns>Readings per second, the commits included.</returns>
    public async Task<double> MeasureAsync(DateTime start, long count, int readingsPerEvent, CancellationToken cancellationToken)
    {
        var encoded = Enumerable.Range(0, IngestBenchmark.Partitions)
            .Select(partition => Encode(start, count, readingsPerEvent, partition)).ToList();
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(encoded.Select(rows => CopyAsync(rows, cancellationToken)));
        return count / clock.Elapsed.TotalSeconds;
    }

    private async Task CopyAsync(byte[] rows, CancellationToken cancellationToken)
    {
        await using var connection = await postgres.OpenConnectionAsync(cancellationToken);
        await using var copy = await connection.BeginRawBinaryCopyAsync(
            "COPY reading (time, value, point_id, quality) FROM STDIN (FORMAT BINARY)", cancellationToken);
        // COPY, "Binary Format": signature, flags, no extension; at the end a row of -1 columns.
        await copy.WriteAsync(Header, cancellationToken);
        for (var offset = 0; offset < rows.Length; offset += BytesPerWrite)
            await copy.WriteAsync(rows.AsMemory(offset, Math.Min(BytesPerWrite, rows.Length - offset)), cancellationToken);
        await copy.WriteAsync(Trailer, cancellationToken);
    }

    private byte[] Encode(DateTime start, long count, int readingsPerEvent, int partition)
    {
        var events = count / readingsPerEvent;
        var ofPartition = (events - partition + IngestBenchmark.Partitions - 1) / IngestBenchmark.Partitions;
        var rows = new byte[ofPartition * readingsPerEvent * RowBytes];
        var row = rows.AsSpan();
        for (long index = partition; index < events; index += IngestBenchmark.Partitions)
        {
            for (var reading = 0; reading < readingsPerEvent; reading++)
            {
                Encode(row, Campus.ReadingAt(start, index * readingsPerEvent + reading));
                row = row[RowBytes..];
            }
        }

        return rows;
    }

    private void Encode(Span<byte> row, CampusReading reading)
    {
        BinaryPrimitives.WriteInt16BigEndian(row, 4);
        BinaryPrimitives.WriteInt32BigEndian(row[2..], sizeof(long));
        BinaryPrimitives.WriteInt64BigEndian(row[6..], (reading.TimeUtc - PostgresEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        BinaryPrimitives.WriteInt32BigEndian(row[14..], sizeof(double));
        BinaryPrimitives.WriteDoubleBigEndian(row[18..], reading.Value);
        BinaryPrimitives.WriteInt32BigEndian(row[26..], sizeof(int));
        BinaryPrimitives.WriteInt32BigEndian(row[30..], pointIds[reading.Sensor, reading.Metric]);
        BinaryPrimitives.WriteInt32BigEndian(row[34..], sizeof(short));
        BinaryPrimitives.WriteInt16BigEndian(row[38..], 0);
    }
}
