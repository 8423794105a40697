using System.Collections.Concurrent;
using System.Net.Sockets;
using Amqp.Framing;
using BuildingMgmt.EventHubsEndpoint.Tests.Peers;
using BuildingMgmt.Testing;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Processes;

public sealed class KilledEndpointTests
{
    [Fact]
    public async Task Every_event_that_was_accepted_is_there_once_and_in_order_however_often_the_endpoint_is_killed()
    {
        using var endpoint = await EndpointProcess.StartAsync();
        var accepted = new ConcurrentDictionary<string, byte>();
        for (var round = 0; round < 3; round++)
        {
            var before = accepted.Count;
            var senders = Enumerable.Range(0, 4).Select(sender => SendUntilCutAsync(endpoint.Port, round, sender, accepted)).ToArray();
            await Eventually.TrueAsync(() => Task.FromResult(accepted.Count > before + 400), TimeSpan.FromSeconds(30),
                "some hundred events are accepted", TestContext.Current.CancellationToken);
            await endpoint.KillAndRestartAsync();
            await Task.WhenAll(senders);
        }

        var found = new List<string>();
        for (var partition = 0; partition < 2; partition++)
            found.AddRange(await ReadAllAsync(endpoint.Port, partition));
        Assert.Equal(found.Count, found.Distinct().Count());
        Assert.Empty(accepted.Keys.Except(found));
        Assert.All(found.GroupBy(body => body[..body.LastIndexOf(':')]), sender =>
        {
            // What was sent last may be missing, but never something before what is there.
            var numbers = sender.Select(body => int.Parse(body[(body.LastIndexOf(':') + 1)..].TrimEnd('.'), null)).ToArray();
            Assert.Equal(Enumerable.Range(0, numbers.Length), numbers);
        });
        Assert.Equal(0, await endpoint.StopAsync());
    }

    [Fact]
    public async Task On_a_full_disk_events_are_rejected_as_busy_and_taken_again_once_there_is_space()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The limit of a running process's files is set by prlimit.");
        using var endpoint = await EndpointProcess.StartAsync();
        using var peer = await RawPeer.OpenAsync(endpoint.Port, LocalEndpoint.Key);
        await peer.BeginAsync();
        await peer.AttachSenderAsync("telemetry/Partitions/0");
        await SendAsync<Accepted>(peer, "0");
        await endpoint.LimitFilesAsync(100_000);
        var padding = new string('.', 10_000);
        var sent = 1;
        DeliveryState outcome;
        while ((outcome = await SendAsync<DeliveryState>(peer, $"{sent}{padding}")) is Accepted)
            sent++;
        var error = Assert.IsType<Rejected>(outcome).Error;
        Assert.Equal("com.microsoft:server-busy", error.Condition);
        Assert.Contains("could not be stored", error.Description, StringComparison.Ordinal);
        await SendAsync<Rejected>(peer, $"{sent}{padding}");

        await endpoint.LimitFilesAsync(null);
        for (; sent < 20; sent++)
            await SendAsync<Accepted>(peer, $"{sent}{padding}");
        await endpoint.KillAndRestartAsync();
        Assert.Equal(Enumerable.Range(0, 20), (await ReadAllAsync(endpoint.Port, 0)).Select(body => int.Parse(body.TrimEnd('.'), null)));
    }

    private static async Task<T> SendAsync<T>(RawPeer peer, string body)
        where T : DeliveryState
    {
        await peer.TransferAsync(Encoded.Event(body));
        return Assert.IsType<T>((await peer.ExpectAsync<Dispose>()).State, exactMatch: false);
    }

    /// <summary>Sends numbered events without waiting, and notes those that are accepted, until the connection breaks.</summary>
    private static async Task SendUntilCutAsync(int port, int round, int sender, ConcurrentDictionary<string, byte> accepted)
    {
        try
        {
            using var peer = await RawPeer.OpenAsync(port, LocalEndpoint.Key);
            await peer.BeginAsync();
            await peer.AttachSenderAsync($"telemetry/Partitions/{sender % 2}");
            _ = SendAllAsync().ContinueWith(cut => cut.Exception, TaskScheduler.Default);
            while (true)
            {
                var outcome = await peer.ExpectAsync<Dispose>();
                Assert.IsType<Accepted>(outcome.State);
                for (var id = outcome.First; id <= outcome.Last; id++)
                    accepted.TryAdd(Body(id), 0);
            }

            async Task SendAllAsync()
            {
                for (uint i = 0; ; i++)
                {
                    await peer.TransferAsync(Encoded.Event(Body(i)));
                    // As many on their way as a busy gateway would have.
                    await Eventually.TrueAsync(() => Task.FromResult(i < 50 || accepted.ContainsKey(Body(i - 50))), TimeSpan.FromSeconds(20), "events are accepted");
                }
            }
        }
        catch (Exception cut) when (cut is SocketException or EndOfStreamException or ObjectDisposedException)
        {
            // Killed, as it should be.
        }

        string Body(uint number) => $"{round}:{sender}:{number}{new string('.', (int)(number % 700))}";
    }

    private static async Task<List<string>> ReadAllAsync(int port, int partition)
    {
        using var peer = await RawPeer.OpenAsync(port, LocalEndpoint.Key);
        await peer.BeginAsync();
        await peer.AttachSenderAsync($"telemetry/Partitions/{partition}");
        await peer.TransferAsync(Encoded.Event("end"));
        await peer.ExpectAsync<Dispose>();
        await peer.AttachReceiverAsync($"telemetry/ConsumerGroups/$Default/Partitions/{partition}", uint.MaxValue / 2);
        var bodies = new List<string>();
        for (long expected = 0; ; expected++)
        {
            var message = await peer.ReceiveAsync();
            Assert.Equal(expected, Encoded.SequenceNumber(message));
            if (Encoded.Body(message) == "end")
                return bodies;
            bodies.Add(Encoded.Body(message));
        }
    }
}
