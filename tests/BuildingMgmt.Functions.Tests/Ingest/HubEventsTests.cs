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

        var read = Assert.Single(HubEvents.Read([new EventData(message)], withDeviceIds: false));

        Assert.Equal("{\"batch\":[]}", Encoding.UTF8.GetString(read.Body.Span));
    }

    [Fact]
    public void Device_is_read_from_the_annotation_of_IoT_Hub_only_where_it_is_to_be_believed()
    {
        var data = new EventData("{}") { ContentType = "application/json" };
        data.Properties["iothub-connection-device-id"] = "set by the device";
        Assert.Null(Assert.Single(HubEvents.Read([data], withDeviceIds: true)).DeviceId);

        data.GetRawAmqpMessage().MessageAnnotations["iothub-connection-device-id"] = "gw-1";
        var read = Assert.Single(HubEvents.Read([data], withDeviceIds: true));
        Assert.Equal(("gw-1", "application/json"), (read.DeviceId, read.ContentType));
        Assert.Null(Assert.Single(HubEvents.Read([data], withDeviceIds: false)).DeviceId);
    }
}
