using System.Net.Sockets;
using Amqp.Framing;
using BuildingMgmt.EventHubsEndpoint.Tests.Peers;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Processes;

/// <summary>
/// What bad peers can make the process hold. The bound is generous, as the collector is in no hurry on a large machine (150 MB are
/// usual); without the guards it would be over a gigabyte.
/// </summary>
public sealed class MemoryTests
{
    private const long GrowthMax = 300_000_000;
    private const string Partition = "telemetry/Partitions/0";
    private const string Receiver = "telemetry/ConsumerGroups/$Default/Partitions/0";

    [Fact]
    public async Task Deliveries_without_end_and_receivers_that_do_not_read_or_settle_leave_memory_flat()
    {
        var groups = Enumerable.Range(0, 20).SelectMany(i => new[] { "--consumer-group", $"group-{i}" });
        using var endpoint = await EndpointProcess.StartAsync([.. groups]);
        using var sender = await OpenAsync(endpoint.Port, LocalEndpoint.Key);
        await sender.AttachSenderAsync(Partition);
        var large = Encoded.Data(new byte[60_000]);
        await FillAsync(sender, large, 200);
        var before = endpoint.WorkingSetBytes;

        // 120 MB of backlog, more than could hide in the allowance together with what follows.
        await FillAsync(sender, large, 2_000);
        var bad = new List<RawPeer>();
        for (var i = 0; i < 20; i++)
        {
            var unread = await OpenAsync(endpoint.Port, LocalEndpoint.Key);
            await unread.AttachReceiverAsync($"telemetry/ConsumerGroups/group-{i}/Partitions/0", uint.MaxValue / 2,
                mode: i % 2 == 0 ? SenderSettleMode.Unsettled : SenderSettleMode.Settled);
            bad.Add(unread);
        }
        bad.Add(await SendWithoutEndAsync(endpoint.Port, LocalEndpoint.Key, Partition, 300_000_000));
        bad.Add(await SendWithoutEndAsync(endpoint.Port, null, Partition, 300_000_000));
        bad.Add(await SendWithoutEndAsync(endpoint.Port, null, "$cbs", 300_000_000));
        bad.Add(await AskWithoutReadingAsync(endpoint.Port));
        for (var i = 0; i < 300; i++)
            bad.Add(await RawPeer.DialAsync(endpoint.Port));

        using var reader = await OpenAsync(endpoint.Port, LocalEndpoint.Key);
        await reader.AttachReceiverAsync(Receiver, 2_200);
        for (var i = 0; i < 2_200; i++)
            Assert.Equal(large.Length, Encoded.Rest(await reader.ReceiveAsync()).Length);
        TestContext.Current.TestOutputHelper?.WriteLine($"grew {(endpoint.WorkingSetBytes - before) / 1e6:n0} MB");
        Assert.InRange(endpoint.WorkingSetBytes - before, long.MinValue, GrowthMax);
        bad.ForEach(peer => peer.Dispose());
    }

    private static async Task<RawPeer> OpenAsync(int port, string? key)
    {
        var peer = await RawPeer.OpenAsync(port, key);
        await peer.BeginAsync();
        return peer;
    }

    private static async Task FillAsync(RawPeer sender, byte[] message, int count)
    {
        for (var i = 0; i < count; i += 20)
        {
            for (var n = 0; n < 20; n++)
                await sender.TransferAsync(message);
            for (var n = 0; n < 20; n++)
                await sender.ExpectAsync<Dispose>();
        }
    }

    /// <summary>One delivery whose last frame never comes, on a link that may have been refused.</summary>
    private static async Task<RawPeer> SendWithoutEndAsync(int port, string? key, string target, long bytes)
    {
        var peer = await OpenAsync(port, key);
        await peer.AskForSenderWithoutReadingAsync(target);
        var frame = RawPeer.Frame(0, new Transfer { Handle = 0, More = true }, new byte[100_000]);
        await peer.WriteAsync(RawPeer.Frame(0, peer.NextTransfer(more: true), new byte[100]));
        try
        {
            for (var sent = 0L; sent < bytes; sent += frame.Length)
                await peer.WriteAsync(frame);
        }
        catch (SocketException)
        {
            // Closed over it, which is as good.
        }
        return peer;
    }

    /// <summary>Begins and ends sessions without ever reading the answers, until the endpoint stops listening to it.</summary>
    private static async Task<RawPeer> AskWithoutReadingAsync(int port)
    {
        var peer = await OpenAsync(port, LocalEndpoint.Key);
        byte[] pair =
        [
            .. RawPeer.Frame(1, new Begin { NextOutgoingId = 0, IncomingWindow = 1, OutgoingWindow = 1 }, null),
            .. RawPeer.Frame(1, new End(), null),
        ];
        var many = Enumerable.Repeat(pair, 1_000).SelectMany(bytes => bytes).ToArray();
        for (var i = 0; i < 1_000; i++)
        {
            var writing = peer.WriteAsync(many);
            if (await Task.WhenAny(writing, Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken)) != writing)
            {
                _ = writing.ContinueWith(task => task.Exception, TaskScheduler.Default);
                break;
            }
            await writing;
        }
        return peer;
    }
}
