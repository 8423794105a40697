using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

public sealed class PayloadCodecTests
{
    private static readonly DateTimeOffset Time = new(2026, 3, 1, 12, 30, 45, 678, TimeSpan.Zero);

    private static readonly TaskFailureDetails Failure = new(
        "System.TimeoutException", "too \"late\" – 迟到", "at A()", new("System.IO.IOException", "cable", null, null, null), null);

    private static readonly Dictionary<string, string> Tags = new() { ["building"] = "north" };

    private static readonly HistoryEvent[] OneOfEach =
    [
        new StepStarted(Time),
        new ExecutionStarted("Flow", "2", "{\"a\":1}", new("parent", "Outer", 3, 4), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Tags),
        new TaskScheduled(0, "Work", "1", "[1,2]", Tags),
        new TaskCompleted(0, "\"done\""),
        new TaskFailed(0, Failure),
        new ChildCreated(1, "child", "Inner", null, null, null),
        new ChildCompleted(1, null),
        new ChildFailed(1, Failure),
        new TimerCreated(2, Time.AddYears(3)),
        new TimerFired(2),
        new EventSent(3, "other", "Ping", "null"),
        new EventRaised("Pong", null, Guid.Parse("6f9619ff-8b86-d011-b42d-00c04fc964ff")),
        new ExecutionSuspended("lunch"),
        new ExecutionResumed(null),
        new ExecutionTerminated("\"enough\"", true),
        new CodeLeft(),
        new ExecutionCompleted(EndStatus.Failed, null, Failure),
    ];

    [Fact]
    public void Every_kind_of_event_is_read_as_it_was_written()
    {
        var kinds = typeof(HistoryEvent).GetCustomAttributes<JsonDerivedTypeAttribute>().Select(kind => kind.DerivedType);
        Assert.Equal(kinds.ToHashSet(), OneOfEach.Select(one => one.GetType()).ToHashSet());

        var read = PayloadCodec.DecodeEvents(PayloadCodec.EncodeEvents(OneOfEach));

        Assert.Equal(Text(OneOfEach), Text(read));
        Assert.Equal(OneOfEach[8], read[8]);
        Assert.Equal(Failure, ((TaskFailed)read[4]).Failure);
        Assert.Equal("north", ((ExecutionStarted)read[1]).Tags!["building"]);
        foreach (var received in OneOfEach.OfType<ReceivedEvent>())
            Assert.Equal(Text([received]), Text([PayloadCodec.DecodeEvent(PayloadCodec.EncodeEvent(received))]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_023)]
    [InlineData(1_024)]
    [InlineData(1_025)]
    [InlineData(3_000_000)]
    public void Text_of_any_length_comes_back_and_longer_text_is_kept_shorter(int length)
    {
        var text = new StringBuilder().Insert(0, "{\"zone\":\"é\"}", length / 12 + 1).ToString()[..length];

        var kept = PayloadCodec.EncodeText(text)!;

        Assert.Equal(text, PayloadCodec.DecodeText(kept));
        Assert.True(length > 1_024 ? kept.Length < length / 2 : kept.Length <= Encoding.UTF8.GetByteCount(text) + 1);
    }

    [Fact]
    public void Text_that_cannot_be_compressed_is_kept_as_it_is()
    {
        var noise = new byte[4_000];
        new Random(5).NextBytes(noise);
        var text = Convert.ToBase64String(noise);

        var kept = PayloadCodec.EncodeText(text)!;

        Assert.True(kept.Length <= text.Length + 1);
        Assert.Equal(text, PayloadCodec.DecodeText(kept));
    }

    [Fact]
    public void Nothing_is_kept_of_nothing()
    {
        Assert.Null(PayloadCodec.EncodeText(null));
        Assert.Null(PayloadCodec.DecodeText(null));
    }

    [Fact]
    public void Format_of_a_later_version_is_an_error_that_says_so()
    {
        var exception = Assert.Throws<InvalidDataException>(() => PayloadCodec.DecodeText([7, 1, 2]));
        Assert.Contains("format 7", exception.Message, StringComparison.Ordinal);
        Assert.Contains("later", exception.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => PayloadCodec.DecodeText([]));
    }

    [Fact]
    public void Event_of_a_later_version_is_an_error_that_says_so()
    {
        byte[] later = [0, .. "[{\"t\":\"entity\",\"Id\":1}]"u8];
        Assert.Contains("later", Assert.Throws<InvalidDataException>(() => PayloadCodec.DecodeEvents(later)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damage_is_an_error_and_nothing_else()
    {
        var kept = PayloadCodec.EncodeEvents([.. Enumerable.Range(0, 200).Select(id => new TaskCompleted(id, $"\"{id * 7919}\""))]);
        var random = new Random(11);
        for (var round = 0; round < 300; round++)
        {
            byte[] damaged = random.Next(2) == 0 ? [.. kept] : kept[..random.Next(1, kept.Length)];
            damaged[random.Next(damaged.Length)] ^= (byte)random.Next(1, 256);
            try
            {
                PayloadCodec.DecodeEvents(damaged);
            }
            catch (InvalidDataException)
            {
                // Told as such. Some damage changes only what a text says.
            }
        }
    }

    [Fact]
    public void Words_that_databases_hold_do_not_change() =>
        Assert.Equal(
            """
            [{"t":"step","Time":"2026-03-01T12:30:45.678+00:00"},{"t":"task+","Id":0,"Output":"\"done\""},{"t":"timer","FireAt":"2029-03-01T12:30:45.678+00:00","Id":2}]
            """,
            Encoding.UTF8.GetString(PayloadCodec.EncodeEvents([OneOfEach[0], OneOfEach[3], OneOfEach[8]])[1..]));

    private static string Text(IEnumerable<HistoryEvent> events) =>
        string.Join('\n', events.Select(one => one.GetType().Name + JsonSerializer.Serialize(one, one.GetType())));
}
