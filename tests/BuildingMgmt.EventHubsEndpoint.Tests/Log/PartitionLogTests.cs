using BuildingMgmt.EventHubsEndpoint.Log;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Log;

public sealed class PartitionLogTests
{
    private static readonly string Kilobytes = new('x', 50_000);

    [Fact]
    public async Task Events_are_read_in_order_without_gaps_also_after_a_restart()
    {
        using var folder = new LogFolder();
        using (var log = folder.Open())
            await log.StoreAsync("a", "b", "c");
        using var again = folder.Open();
        await again.StoreAsync("d");

        Assert.Equal([(0, "a"), (1, "b"), (2, "c"), (3, "d")], again.Read());
    }

    [Fact]
    public async Task Many_senders_at_once_are_all_stored_each_in_its_own_order()
    {
        using var folder = new LogFolder();
        using var log = folder.Open();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(sender => Task.Run(() =>
            log.StoreAsync(Enumerable.Range(0, 100).Select(i => $"{sender}:{i}")))));

        var events = log.Read();
        Assert.Equal(Enumerable.Range(0, 800).Select(i => (long)i), events.Select(e => e.SequenceNumber));
        Assert.All(events.GroupBy(e => e.Body.Split(':')[0]), sender =>
            Assert.Equal(Enumerable.Range(0, 100), sender.Select(e => int.Parse(e.Body.Split(':')[1], null))));
    }

    [Fact]
    public async Task A_torn_tail_is_cut_wherever_the_crash_was_and_numbers_go_on_from_what_is_whole()
    {
        using var folder = new LogFolder();
        using (var log = folder.Open())
            await log.StoreAsync("first", "second", "third");
        var file = Assert.Single(folder.Segments);
        var whole = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        var recordBytes = whole.Length / 3;

        for (var cut = recordBytes; cut < whole.Length; cut += 7)
        {
            await File.WriteAllBytesAsync(file, whole[..cut], TestContext.Current.CancellationToken);
            using var log = folder.Open();
            await log.StoreAsync("after");
            var kept = log.Read().Select(e => e.Body).ToArray();
            Assert.Equal([.. new[] { "first", "second", "third" }.Take(kept.Length - 1), "after"], kept);
            Assert.Equal(Enumerable.Range(0, kept.Length).Select(i => (long)i), log.Read().Select(e => e.SequenceNumber));
        }
    }

    [Fact]
    public async Task A_last_record_with_a_wrong_byte_or_zeros_behind_it_is_cut()
    {
        using var folder = new LogFolder();
        using (var log = folder.Open())
            await log.StoreAsync("good", "torn");
        var file = Assert.Single(folder.Segments);
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(file, [.. bytes, .. new byte[5000]], TestContext.Current.CancellationToken);

        using var again = folder.Open();
        await again.StoreAsync("new");
        Assert.Equal([(0, "good"), (1, "new")], again.Read());
    }

    [Fact]
    public async Task Every_event_is_found_by_its_number_its_offset_and_its_time_over_many_segments()
    {
        using var folder = new LogFolder { Options = new LogOptions { Fsync = false, RetentionBytes = 1024 * 1024 } };
        using var log = folder.Open();
        var offsets = new List<(long Offset, long TimeMs)>();
        for (var i = 0; i < 100; i++)
        {
            folder.Time.Advance(TimeSpan.FromSeconds(i % 3));
            await log.StoreAsync(i + Kilobytes);
            offsets.Add((log.End.LastOffset!.Value, log.End.LastTimeMs));
        }
        Assert.True(folder.Segments.Count() >= 4);

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(i, log.Read(new StartPosition(StartKind.SequenceNumber, i))[0].SequenceNumber);
            Assert.Equal(i, log.Read(new StartPosition(StartKind.Offset, offsets[i].Offset))[0].SequenceNumber);
            var firstAtThatTime = offsets.FindIndex(o => o.TimeMs >= offsets[i].TimeMs);
            Assert.Equal(firstAtThatTime, log.Read(new StartPosition(StartKind.Time, offsets[i].TimeMs))[0].SequenceNumber);
        }
        Assert.Empty(log.Read(new StartPosition(StartKind.SequenceNumber, 100)));
        Assert.Empty(log.Read(new StartPosition(StartKind.Offset, log.End.EndOffset)));
        Assert.Empty(log.Read(new StartPosition(StartKind.Time, offsets[^1].TimeMs + 1)));
    }

    [Fact]
    public async Task A_lost_or_damaged_index_is_made_again()
    {
        using var folder = new LogFolder { Options = new LogOptions { Fsync = false, RetentionBytes = 1024 * 1024 } };
        using var log = folder.Open();
        await log.StoreAsync(Enumerable.Range(0, 60).Select(i => i + Kilobytes));
        var indexes = Directory.GetFiles(folder.Path, "*.index");
        Assert.True(indexes.Length >= 2);
        File.Delete(indexes[0]);
        await File.WriteAllTextAsync(indexes[1], "damaged", TestContext.Current.CancellationToken);

        for (var i = 0; i < 60; i++)
            Assert.Equal(i, log.Read(new StartPosition(StartKind.SequenceNumber, i))[0].SequenceNumber);
    }

    [Fact]
    public async Task A_reader_sees_what_comes_while_it_reads_across_segments()
    {
        using var folder = new LogFolder { Options = new LogOptions { Fsync = false, RetentionBytes = 1024 * 1024 } };
        using var log = folder.Open();
        using var reader = new LogReader(log, new StartPosition(StartKind.Earliest));
        for (var i = 0; i < 60; i++)
        {
            Assert.False(reader.TryRead(out _));
            await log.StoreAsync(i + Kilobytes);
            Assert.True(reader.TryRead(out var stored));
            Assert.Equal(i, stored.SequenceNumber);
        }
    }

    [Fact]
    public async Task Enqueued_times_never_go_back_when_the_clock_does()
    {
        using var folder = new LogFolder();
        using (var log = folder.Open())
            await log.StoreAsync("a");
        var slow = new TimeShiftedBack(folder.Time);
        using var again = PartitionLog.Open("0", folder.Path, folder.Options, slow, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        var before = again.End.LastTimeMs;
        await again.StoreAsync("b");

        Assert.Equal(before, again.End.LastTimeMs);
    }

    [Fact]
    public async Task Appends_after_the_end_are_rejected_and_those_before_it_are_stored()
    {
        using var folder = new LogFolder();
        var log = folder.Open();
        var appends = Enumerable.Range(0, 50).Select(i => Encoded.Append(Encoded.Event($"{i}"))).ToArray();
        foreach (var append in appends)
            log.Append(append);
        log.Dispose();
        var late = Encoded.Append(Encoded.Event("late"));
        log.Append(late);

        Assert.All(await Task.WhenAll(appends.Select(append => append.Outcome)), Assert.Null);
        Assert.NotNull(await late.Outcome);
        using var again = folder.Open();
        Assert.Equal(50, again.Read().Count);
    }

    [Fact]
    public void Whoever_appended_has_its_answer_when_the_log_has_ended()
    {
        using var folder = new LogFolder();
        var log = folder.Open();
        var append = new SlowToHear { Payload = default, Events = [] };
        log.Append(append);
        log.Dispose();

        Assert.True(append.HasHeard);
    }

    /// <summary>Holds up whoever brings its answer, as a busy socket does.</summary>
    private sealed class SlowToHear : PendingAppend
    {
        private bool _hasHeard;

        public bool HasHeard => Volatile.Read(ref _hasHeard);

        public override void OnAccepted()
        {
            Thread.SpinWait(5_000_000);
            Volatile.Write(ref _hasHeard, true);
        }

        public override void OnRejected(string reason) => OnAccepted();
    }

    private sealed class TimeShiftedBack(TimeProvider time) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => time.GetUtcNow() - TimeSpan.FromDays(1);
    }
}
