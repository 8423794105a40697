using System.Text.Json;
using BuildingMgmt.Simulator.Gateways;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.Simulator.Tests.Gateways;

public sealed class GatewayEventTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 21, 22, 0, 123, TimeSpan.Zero);
    private static readonly Guid Sensor = Guid.Parse("0f0d3b0c-9d0f-8c3f-8a52-0123456789ab");

    [Fact]
    public void A_batch_is_written_as_the_telemetry_hub_expects_it()
    {
        var builder = new BatchBuilder("gateway-1", new FakeTimeProvider(Now));
        builder.Add(new SensorReading(Sensor, Now.AddSeconds(-3), "temperature", 21.37));
        builder.Add(new SensorReading(Sensor, Now.AddSeconds(-3), "co2", 612));

        var sent = GatewayEvent.Encode(builder.Take()!);
        using var json = RecordingSink.Parse(sent);

        Assert.False(sent.IsGzip);
        Assert.Equal(2, sent.Readings);
        Assert.Equal(
            """
            {"gateway_id":"gateway-1","batch_id":"20261123T212200123Z-00000001","sequence":1,"sent_at":"2026-11-23T21:22:00.123Z","batch":[
            {"sensor_id":"0f0d3b0c-9d0f-8c3f-8a52-0123456789ab","timestamp":"2026-11-23T21:21:57.123Z","data":{"temperature":21.37,"co2":612}}]}
            """.ReplaceLineEndings(""),
            JsonSerializer.Serialize(json.RootElement));
    }

    [Fact]
    public void Conflicting_values_of_one_moment_stay_apart_and_in_order()
    {
        var builder = new BatchBuilder("gateway-1", new FakeTimeProvider(Now));
        builder.Add(new SensorReading(Sensor, Now, "co2", 612));
        builder.Add(new SensorReading(Sensor, Now, "co2", 613));

        var batch = builder.Take()!;
        Assert.Equal([612, 613], batch.Elements.Select(element => Assert.Single(element.Readings).Value));
        Assert.Equal([612, 613], RecordingSink.Readings([GatewayEvent.Encode(batch)]).Select(reading => reading.Value));
    }

    [Fact]
    public void Large_batches_are_compressed_and_hold_the_same()
    {
        var builder = new BatchBuilder("gateway-1", new FakeTimeProvider(Now));
        var readings = Enumerable.Range(0, 1_000)
            .Select(index => new SensorReading(Sensor, Now.AddSeconds(index), "temperature", 20 + (index / 3.0))).ToArray();
        foreach (var reading in readings)
            builder.Add(reading);
        Assert.InRange(builder.Bytes, 100_000, BatchBuilder.BytesPerBatchMax);

        var sent = GatewayEvent.Encode(builder.Take()!);
        Assert.True(sent.IsGzip);
        Assert.InRange(sent.Body.Length, 100, 40_000);
        Assert.Equal(readings, RecordingSink.Readings([sent]));
    }

    [Fact]
    public void Batch_ids_are_unique_and_sort_in_order_of_sending_across_restarts()
    {
        var time = new FakeTimeProvider(Now);
        var ids = new List<string>();
        for (var run = 0; run < 3; run++)
        {
            var builder = new BatchBuilder("gateway-1", time);
            for (var batch = 0; batch < 12; batch++)
            {
                builder.Add(new SensorReading(Sensor, Now, "co2", batch));
                ids.Add(builder.Take()!.BatchId);
            }

            time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(ids.Distinct().Order(StringComparer.Ordinal), ids);
    }

    [Fact]
    public void Nothing_gathered_is_no_batch() => Assert.Null(new BatchBuilder("gateway-1", new FakeTimeProvider(Now)).Take());

    [Fact]
    public void Text_in_place_of_a_number_goes_out_as_text()
    {
        var builder = new BatchBuilder("gateway-1", new FakeTimeProvider(Now));
        builder.Add(new SensorReading(Sensor, Now, "co2", 0, "#N/A"));
        Assert.Equal("#N/A", RecordingSink.Readings([GatewayEvent.Encode(builder.Take()!)]).Single().Text);
    }
}
