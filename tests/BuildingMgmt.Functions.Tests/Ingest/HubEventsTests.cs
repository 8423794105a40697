using System.Text;
using Azure.Core.Amqp;
using Azure.Messaging.EventHubs;
using BuildingMgmt.Functions.Ingest;

namespace BuildingMgmt.Functions.Tests.Ingest;

public sealed class HubEventsTests
{
    public static TheoryData<object> Values() => ["{\"batch\":[]}", "{\"batch\":[]}"u8.ToArray(), new ArraySegment<byte>("{\"batch\":[]}"u8.ToArray())];

    [Theory, MemberData(nameof(Values))]
    public void Text_or_bytes_sent_as_an_AMQP_value_are_read_as_they_are(object value)
    {
        var message = new AmqpAnnotatedMessage(AmqpMessageBody.FromValue(value));

        var read = Assert.Single(HubEvents.Read([new EventData(message)]));

        Assert.Equal("{\"batch\":[]}", Encoding.UTF8.GetString(read.Body.Span));
    }
}
