using BuildingMgmt.EventHubsEndpoint.Log;
using BuildingMgmt.EventHubsEndpoint.Tests.Peers;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Log;

public sealed class RetentionTests
{
    private static readonly string Kilobytes = new('x', 50_000);
    private static readonly LogOptions OneHour = new() { Fsync = false, RetentionAge = TimeSpan.FromHours(1) };

    [Fact]
    public async Task Events_that_are_too_old_are_removed_and_younger_ones_stay()
    {
        using var folder = new LogFolder { Options = OneHour };
        using var log = folder.Open();
        await log.StoreAsync("old");
        folder.Time.Advance(TimeSpan.FromMinutes(50));
        await log.StoreAsync("young");
        folder.Time.Advance(TimeSpan.FromMinutes(20));
        folder.RemoveExpired(log);

        Assert.Equal([(1, "young")], log.Read());
        Assert.Equal(1, log.End.BeginSequenceNumber);
    }

    [Fact]
    public async Task A_quiet_partition_is_emptied_and_its_numbers_and_times_go_on_also_after_a_restart()
    {
        using var folder = new LogFolder { Options = OneHour };
        long lastTimeMs;
        using (var log = folder.Open())
        {
            await log.StoreAsync("a", "b", "c");
            lastTimeMs = log.End.LastTimeMs;
            folder.Time.Advance(TimeSpan.FromHours(2));
            folder.RemoveExpired(log);
            await Eventually.TrueAsync(
                () =>
                {
                    folder.RemoveExpired(log);
                    return Task.FromResult(log.End.IsEmpty);
                },
                TimeSpan.FromSeconds(10), "the partition is empty", TestContext.Current.CancellationToken);
            Assert.Empty(log.Read());
        }

        using var again = folder.Open();
        Assert.True(again.End.IsEmpty);
        Assert.Equal(lastTimeMs, again.End.LastTimeMs);
        Assert.Equal(3, again.End.NextSequenceNumber);
        await again.StoreAsync("d");
        Assert.Equal([(3, "d")], again.Read());
        Assert.Equal([(3, "d")], again.Read(new StartPosition(StartKind.SequenceNumber, 1)));
    }

    [Fact]
    public async Task No_more_bytes_are_kept_than_may_be_and_the_newest_events_stay()
    {
        using var folder = new LogFolder { Options = new LogOptions { Fsync = false, RetentionBytes = 3 * 1024 * 1024 } };
        using var log = folder.Open();
        await log.StoreAsync(Enumerable.Range(0, 150).Select(i => i + Kilobytes));
        folder.RemoveExpired(log);

        Assert.InRange(folder.Segments.Sum(path => new FileInfo(path).Length), 1024 * 1024, 3 * 1024 * 1024);
        var left = log.Read();
        Assert.Equal(149, left[^1].SequenceNumber);
        Assert.Equal(Enumerable.Range((int)left[0].SequenceNumber, left.Count).Select(i => (long)i), left.Select(e => e.SequenceNumber));
        Assert.Equal(left, log.Read(new StartPosition(StartKind.Offset, 1)));
    }

    [Fact]
    public async Task A_reader_that_retention_overtakes_goes_on_from_the_oldest_event()
    {
        using var folder = new LogFolder { Options = new LogOptions { Fsync = false, RetentionBytes = 2 * 1024 * 1024 } };
        using var log = folder.Open();
        await log.StoreAsync(Enumerable.Range(0, 30).Select(i => i + Kilobytes));
        using var reader = new LogReader(log, new StartPosition(StartKind.Earliest));
        Assert.True(reader.TryRead(out _));
        await log.StoreAsync(Enumerable.Range(30, 200).Select(i => i + Kilobytes));
        folder.RemoveExpired(log);
        var oldest = log.End.BeginSequenceNumber;
        Assert.True(oldest > 50);

        var rest = new List<long>();
        while (reader.TryRead(out var stored))
            rest.Add(stored.SequenceNumber);
        // The segment in which it stood could still be read to its end; behind it comes the oldest that is left.
        var after = rest.FindIndex(number => number >= oldest);
        Assert.Equal(oldest, rest[after]);
        Assert.Equal(Enumerable.Range((int)oldest, 230 - (int)oldest).Select(i => (long)i), rest.Skip(after));
        Assert.Equal(Enumerable.Range(1, after).Select(i => (long)i), rest.Take(after));
    }

    [Fact]
    public async Task A_segment_that_cannot_be_deleted_is_kept_until_it_can_be()
    {
        using var folder = new LogFolder { Options = OneHour };
        using var log = folder.Open();
        await log.StoreAsync("old");
        folder.Time.Advance(TimeSpan.FromMinutes(50));
        await log.StoreAsync("young");
        var oldest = folder.Segments.First();
        // A folder in the place of its index cannot be deleted as a file.
        var index = Path.ChangeExtension(oldest, ".index");
        File.Delete(index);
        Directory.CreateDirectory(index);

        folder.Time.Advance(TimeSpan.FromMinutes(20));
        folder.RemoveExpired(log);
        Assert.Equal([(0, "old"), (1, "young")], log.Read());

        Directory.Delete(index);
        folder.RemoveExpired(log);
        Assert.Equal([(1, "young")], log.Read());
        Assert.False(File.Exists(oldest));
    }

    [Fact]
    public async Task Retention_that_was_stopped_deletes_no_file_any_more()
    {
        using var folder = new LogFolder { Options = OneHour };
        using var log = folder.Open();
        await log.StoreAsync("old");
        folder.Time.Advance(TimeSpan.FromMinutes(50));
        await log.StoreAsync("young");
        folder.Time.Advance(TimeSpan.FromMinutes(20));

        var retention = new Retention([log], OneHour, folder.Time, NullLogger.Instance);
        retention.Dispose();
        retention.RemoveExpired();
        Assert.Equal([(0, "old"), (1, "young")], log.Read());
    }

    [Fact]
    public async Task The_segment_that_is_written_is_never_removed()
    {
        using var folder = new LogFolder();
        using var log = folder.Open();
        await log.StoreAsync("a");

        Assert.Throws<InvalidOperationException>(log.RemoveOldestSegment);
        await log.StoreAsync("b");
        Assert.Equal([(0, "a"), (1, "b")], log.Read());
    }

    [Fact]
    public async Task What_fails_in_one_partition_is_told_and_the_next_one_is_looked_after()
    {
        using var first = new LogFolder { Options = OneHour };
        using var second = new LogFolder { Options = OneHour };
        var logger = new FailingLogger(DiagnosticEvents.SegmentRemoved);
        using var one = PartitionLog.Open("0", first.Path, OneHour, first.Time, logger);
        using var other = PartitionLog.Open("1", second.Path, OneHour, first.Time, logger);
        using var retention = new Retention([one, other], OneHour, first.Time, logger);
        await one.StoreAsync("old");
        await other.StoreAsync("old");

        first.Time.Advance(TimeSpan.FromHours(2));
        await Eventually.TrueAsync(
            () =>
            {
                first.Time.Advance(TimeSpan.FromSeconds(10));
                return Task.FromResult(one.End.IsEmpty && other.End.IsEmpty);
            },
            TimeSpan.FromSeconds(10), "both partitions are empty", TestContext.Current.CancellationToken);

        Assert.Contains(DiagnosticEvents.RetentionFailed, logger.Logged);
        Assert.Contains(DiagnosticEvents.SegmentRemoved, logger.Logged);
    }
}
