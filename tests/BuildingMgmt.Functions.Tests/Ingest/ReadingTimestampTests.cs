using System.Globalization;
using System.Text;
using BuildingMgmt.Functions.Ingest;
using FsCheck.Xunit;

namespace BuildingMgmt.Functions.Tests.Ingest;

public sealed class ReadingTimestampTests
{
    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 0)]
    [InlineData("1970-01-01T01:00:00+01:00", 0)]
    [InlineData("1969-12-31T19:00:00.000001-0500", 1)]
    [InlineData("1970-01-01T00:00Z", 0)]
    [InlineData("1970-01-01T02:00+02", 0)]
    [InlineData("1970-01-01T00:00:00.123456789Z", 123456)]
    [InlineData("1970-01-01T00:00:01.5z", 1500000)]
    [InlineData("2026-10-25T02:30:00+02:00", 1792888200000000)]
    [InlineData("2026-10-25T02:30:00+01:00", 1792891800000000)]
    [InlineData("0001-01-01T00:00:00Z", -62135596800000000)]
    [InlineData("9999-12-31T23:59:59.999999Z", 253402300799999999)]
    public void Time_with_offset_is_read_to_the_microsecond(string text, long microseconds)
    {
        Assert.True(ReadingTimestamp.TryParse(Encoding.ASCII.GetBytes(text), out var actual));
        Assert.Equal(microseconds, actual);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-03-10")]
    [InlineData("2026-03-10T12:00:00")]
    [InlineData("2026-03-10T12:00:00.Z")]
    [InlineData("2026-03-10T12:00:00.5")]
    [InlineData("2026-03-10T12:00:00+")]
    [InlineData("2026-03-10T12:00:00+1:00")]
    [InlineData("2026-03-10T12:00:00+14:01")]
    [InlineData("2026-03-10T12:00:00+01:60")]
    [InlineData("2026-03-10T12:00:00 Z")]
    [InlineData("2026-3-10T12:00:00Z")]
    [InlineData("2026-02-30T12:00:00Z")]
    [InlineData("0000-01-01T00:00:00Z")]
    [InlineData("2026-03-10T25:00:00Z")]
    [InlineData("2026-03-10T12:60:00Z")]
    [InlineData("2026-03-10T12:00:61Z")]
    [InlineData("2026-03-10T12:00:Z1Z")]
    [InlineData("1773144000000")]
    [InlineData("2026-03-10T12:00:00.00000000000000000000000Z")]
    public void Anything_else_is_refused(string text) =>
        Assert.False(ReadingTimestamp.TryParse(Encoding.ASCII.GetBytes(text), out _));

    [Property(MaxTest = 2_000)]
    public void Every_time_that_dotnet_writes_is_read_back(DateTime utc, int offsetMinutes)
    {
        var offset = TimeSpan.FromMinutes(offsetMinutes % (14 * 60));
        if (utc.Ticks + offset.Ticks is < 0 or >= 3155378975999999999)
            return;
        var time = new DateTimeOffset(DateTime.SpecifyKind(utc, DateTimeKind.Unspecified).Add(offset), offset);
        var text = time.ToString("O", CultureInfo.InvariantCulture);
        Assert.True(ReadingTimestamp.TryParse(Encoding.ASCII.GetBytes(text), out var microseconds), text);
        Assert.Equal((long)Math.Floor((utc.Ticks - DateTime.UnixEpoch.Ticks) / 10m), microseconds);
    }

    [Property(MaxTest = 2_000)]
    public void Random_bytes_are_no_time(byte[] bytes) => Assert.False(ReadingTimestamp.TryParse(bytes, out _));
}
