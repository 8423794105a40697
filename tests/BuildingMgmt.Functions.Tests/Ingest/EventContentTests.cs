using System.IO.Compression;
using System.Text;
using BuildingMgmt.Functions.Ingest;

namespace BuildingMgmt.Functions.Tests.Ingest;

public sealed class EventContentTests
{
    private const int BytesMax = 1024 * 1024;

    private readonly EventContent content = new();

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("identity")]
    [InlineData("UTF-8")]
    public void Plain_event_is_given_as_it_is(string? encoding)
    {
        Assert.Null(content.Read(Event("hello"u8.ToArray(), encoding), BytesMax, out var utf8));
        Assert.Equal("hello"u8, utf8);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100_000)]
    [InlineData(BytesMax)]
    public void Gzip_event_is_unpacked_up_to_the_limit(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        Assert.Null(content.Read(Event(Gzip(bytes), "gzip"), BytesMax, out var utf8));
        Assert.Equal(bytes, utf8);
        Assert.Null(content.Read(Event(Gzip("again"u8), "gzip"), BytesMax, out utf8));
        Assert.Equal("again"u8, utf8);
    }

    [Fact]
    public void Event_of_several_gzip_members_is_read_to_its_end()
    {
        Assert.Null(content.Read(Event([.. Gzip("one "u8), .. Gzip("two"u8)], "gzip"), BytesMax, out var utf8));
        Assert.Equal("one two"u8, utf8);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("hello, hello, hello, and so on")]
    public void Gzip_event_that_is_cut_off_anywhere_is_refused(string text)
    {
        var member = Gzip(Encoding.UTF8.GetBytes(text));
        AssertRefusedWhenCut(member, from: 0);
        // Cut between its members, it would be whole.
        AssertRefusedWhenCut([.. Gzip("before "u8), .. member], from: Gzip("before "u8).Length + 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(100)]
    public void Gzip_event_with_something_behind_it_is_refused(int bytes)
    {
        var behind = new byte[bytes];
        Array.Fill(behind, (byte)'x');
        Assert.NotNull(content.Read(Event([.. Gzip("hello"u8), .. behind], "gzip"), BytesMax, out _));
    }

    [Fact]
    public void Gzip_event_whose_trailer_says_something_else_is_refused()
    {
        var packed = Gzip("hello"u8);
        for (var place = packed.Length - 8; place < packed.Length; place++)
        {
            byte[] damaged = [.. packed];
            damaged[place] ^= 1;
            Assert.NotNull(content.Read(Event(damaged, "gzip"), BytesMax, out _));
        }
    }

    [Fact]
    public void Event_that_grows_beyond_the_limit_is_refused_before_it_is_unpacked()
    {
        var bomb = Gzip(new byte[64 * BytesMax]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.NotNull(content.Read(Event(bomb, "gzip"), BytesMax, out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * BytesMax);
        Assert.NotNull(content.Read(Event(new byte[BytesMax + 1], null), BytesMax, out _));
    }

    [Theory]
    [InlineData("br")]
    [InlineData("gzip, gzip")]
    [InlineData("\0")]
    public void Unknown_encoding_is_refused(string encoding) =>
        Assert.NotNull(content.Read(Event("hello"u8.ToArray(), encoding), BytesMax, out _));

    [Fact]
    public void What_says_it_is_gzip_and_is_not_is_refused() =>
        Assert.NotNull(content.Read(Event("hello"u8.ToArray(), "gzip"), BytesMax, out _));

    private void AssertRefusedWhenCut(byte[] packed, int from)
    {
        for (var length = from; length < packed.Length; length++)
        {
            Assert.True(content.Read(Event(packed[..length], "gzip"), BytesMax, out var utf8) is not null, $"{length} of {packed.Length} bytes");
            Assert.True(utf8.IsEmpty);
        }

        Assert.Null(content.Read(Event(packed, "gzip"), BytesMax, out _));
    }

    private static IncomingEvent Event(byte[] body, string? encoding) => new(body, encoding, 0, TestBuilding.Now);

    private static byte[] Gzip(ReadOnlySpan<byte> bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return packed.ToArray();
    }
}
