using System.Text.Json;
using BuildingMgmt.EventHubsEndpoint.Tests.Peers;
using BuildingMgmt.Testing;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Clients;

/// <summary>The endpoint as @azure/event-hubs sees it: a client that knows nothing of this repository.</summary>
public sealed class JavaScriptClientTests(EventHubsFixture hub) : IClassFixture<EventHubsFixture>
{
    [Fact]
    public async Task Events_sent_plain_batched_and_binary_are_received_as_sent_with_numbers_times_and_metric()
    {
        var result = await RunAsync("send");
        var first = result.GetProperty("first").GetInt64();
        var events = result.GetProperty("events").EnumerateArray().ToArray();

        Assert.Equal(102, events.Length);
        Assert.Equal("""{"text":"plain","list":[1,2.5,null,true]}""", events[0].GetProperty("body").GetRawText());
        Assert.Equal("""{"unit":"C","count":3,"good":true}""", events[0].GetProperty("properties").GetRawText());
        Assert.Equal("application/json", events[0].GetProperty("contentType").GetString());
        Assert.Equal("m-1", events[0].GetProperty("messageId").GetString());
        Assert.Equal("c-1", events[0].GetProperty("correlationId").GetString());
        for (var i = 0; i < 100; i++)
            Assert.Equal($"batched {i}", events[i + 1].GetProperty("body").GetString());
        Assert.Equal("[0,1,255]", events[101].GetProperty("body").GetProperty("data").GetRawText());
        Assert.Equal(Enumerable.Range(0, 102).Select(i => first + i), events.Select(e => e.GetProperty("sequenceNumber").GetInt64()));
        Assert.Equal(102, events.Select(e => long.Parse(e.GetProperty("offset").GetString()!, null)).Distinct().Count());
        var times = events.Select(e => e.GetProperty("enqueued").GetInt64()).ToArray();
        Assert.Equal(times.Order(), times);
        Assert.Equal(first + 101, events[101].GetProperty("metric").GetProperty("sequenceNumber").GetInt64());
        Assert.Equal(events[101].GetProperty("offset").GetString(), events[101].GetProperty("metric").GetProperty("offset").GetString());
    }

    [Fact]
    public async Task A_partition_key_leads_where_the_client_itself_would_put_it_and_without_one_all_partitions_get_some()
    {
        var result = await RunAsync("keys");

        Assert.All(result.GetProperty("placed").EnumerateArray(), place =>
            Assert.Equal(place.GetProperty("expected").GetInt32(), place.GetProperty("actual").GetInt32()));
        Assert.Equal(4, result.GetProperty("spread").GetInt32());
        Assert.Equal(result.GetProperty("key").GetString(), result.GetProperty("received").GetString());
    }

    [Fact]
    public async Task Receiving_begins_at_the_latest_or_by_offset_number_or_time()
    {
        var result = await RunAsync("positions");
        var fifth = result.GetProperty("fifth").GetInt64();

        Assert.Equal(fifth + 1, result.GetProperty("afterOffset").GetInt64());
        Assert.Equal(fifth, result.GetProperty("atOffset").GetInt64());
        Assert.Equal(fifth + 1, result.GetProperty("afterNumber").GetInt64());
        Assert.Equal(fifth, result.GetProperty("atNumber").GetInt64());
        Assert.Equal(result.GetProperty("expectedAfterTime").GetRawText(), result.GetProperty("afterTime").GetRawText());
        Assert.Equal("late", result.GetProperty("latest").GetString());
        Assert.Equal("ArgumentError", result.GetProperty("beyond").GetString());
    }

    [Fact]
    public async Task The_hub_and_its_partitions_tell_their_properties()
    {
        using var fresh = new LocalEndpoint();
        var result = await RunAsync("properties", fresh.ConnectionString);

        Assert.Equal("telemetry", result.GetProperty("hub").GetProperty("name").GetString());
        Assert.Equal("""["0","1"]""", result.GetProperty("hub").GetProperty("partitionIds").GetRawText());
        Assert.True(result.GetProperty("empty").GetProperty("isEmpty").GetBoolean());
        Assert.Equal(-1, result.GetProperty("empty").GetProperty("lastEnqueuedSequenceNumber").GetInt64());
        Assert.False(result.GetProperty("filled").GetProperty("isEmpty").GetBoolean());
        Assert.Equal(0, result.GetProperty("filled").GetProperty("beginningSequenceNumber").GetInt64());
        Assert.Equal(1, result.GetProperty("filled").GetProperty("lastEnqueuedSequenceNumber").GetInt64());
    }

    [Fact]
    public async Task A_higher_epoch_displaces_and_a_lower_one_or_none_is_refused()
    {
        var result = await RunAsync("epoch");

        Assert.Equal("ReceiverDisconnectedError", result.GetProperty("displaced").GetString());
        Assert.Equal("ReceiverDisconnectedError", result.GetProperty("lower").GetString());
        Assert.Equal("ReceiverDisconnectedError", result.GetProperty("none").GetString());
    }

    [Fact]
    public async Task An_unknown_hub_partition_or_group_is_an_error_that_says_so()
    {
        var result = await RunAsync("unknown");

        Assert.All(result.EnumerateObject(), error => Assert.Equal("MessagingEntityNotFoundError", error.Value.GetString()));
    }

    [Fact]
    public async Task A_wrong_key_opens_nothing()
    {
        var wrong = hub.ConnectionString.Replace("SharedAccessKey=", "SharedAccessKey=d3Jvbmc", StringComparison.Ordinal);
        var result = await RunAsync("unauthorized", wrong);

        Assert.All(result.EnumerateObject(), error => Assert.Equal("UnauthorizedError", error.Value.GetString()));
    }

    [Fact]
    public async Task The_largest_batch_that_the_client_builds_is_taken()
    {
        var result = await RunAsync("large");

        Assert.Equal(1024 * 1024, result.GetProperty("limit").GetInt64());
        Assert.InRange(result.GetProperty("bytes").GetInt64(), 900_000, 1024 * 1024);
        Assert.Equal(result.GetProperty("count").GetInt32(), result.GetProperty("received").GetInt32());
    }

    private async Task<JsonElement> RunAsync(string scenario, string? connectionString = null)
    {
        var script = Path.Combine(RepositoryRoot.Path, "tests", "BuildingMgmt.EventHubsEndpoint.Tests", "Clients", "scenarios.cjs");
        var output = await NodeScript.RunAsync(
            script, [scenario],
            new Dictionary<string, string> { ["CONNECTION_STRING"] = connectionString ?? hub.ConnectionString },
            TestContext.Current.CancellationToken);
        return JsonDocument.Parse(output).RootElement;
    }
}
