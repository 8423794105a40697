using Amqp.Framing;
using BuildingMgmt.EventHubsEndpoint.Log;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Peers;

/// <summary>What fails in the endpoint itself, while it serves one peer, costs that peer its link or its connection and others nothing.</summary>
public sealed class EndpointFaultTests
{
    private const string Receiver = "telemetry/ConsumerGroups/$Default/Partitions/0";

    [Fact]
    public async Task Who_reads_a_damaged_file_loses_its_link()
    {
        using var endpoint = new LocalEndpoint();
        await StoreDamagedEventAsync(endpoint);

        using var reader = await BeginAsync(endpoint);
        await reader.AttachReceiverAsync(Receiver, 10);
        Assert.Equal("amqp:internal-error", (await reader.ExpectDetachAsync()).Error.Condition);
        await endpoint.AssertServesOthersAsync();
    }

    [Fact]
    public async Task What_fails_while_a_peer_is_looked_after_cuts_off_this_one_alone()
    {
        var time = new FailingTime();
        using var endpoint = new LocalEndpoint(time: time, logger: new FailingLogger());
        using var peer = await BeginAsync(endpoint);

        time.FailNext();
        await time.AdvanceUntilAsync(TimeSpan.FromSeconds(1), peer.ExpectEndAsync());
        await endpoint.AssertServesOthersAsync();
    }

    [Fact]
    public async Task A_log_that_cannot_be_written_takes_its_answer_from_nobody()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        var log = new LogOptions { Fsync = false, RetentionAge = TimeSpan.FromHours(8) };
        using var endpoint = new LocalEndpoint(time: time, log: log, logger: new FailingLogger());

        using var refused = await BeginAsync(endpoint);
        await refused.AskForReceiverAsync("elsewhere/ConsumerGroups/$Default/Partitions/0");
        Assert.Equal("amqp:not-found", (await refused.ExpectDetachAsync()).Error.Condition);

        await StoreDamagedEventAsync(endpoint);
        using var reader = await BeginAsync(endpoint);
        await reader.AttachReceiverAsync(Receiver, 10);
        Assert.Equal("amqp:internal-error", (await reader.ExpectDetachAsync()).Error.Condition);

        using var silent = await RawPeer.DialAsync(endpoint.Port);
        await silent.SaslAsync(LocalEndpoint.Key);
        await time.AdvanceUntilAsync(TimeSpan.FromSeconds(5), silent.ExpectEndAsync());

        using var sender = await BeginAsync(endpoint);
        await sender.AttachSenderAsync("telemetry/Partitions/0");
        Directory.Delete(Path.Combine(endpoint.Folder, "telemetry", "0"), recursive: true);
        // The next event needs a new file.
        time.Advance(log.SegmentAge * 2);
        await sender.TransferAsync(Encoded.Event("nowhere to go"));
        Assert.IsType<Rejected>((await sender.ExpectAsync<Dispose>()).State);

        await endpoint.AssertServesOthersAsync();
    }

    private static async Task<RawPeer> BeginAsync(LocalEndpoint endpoint)
    {
        var peer = await endpoint.OpenAsync();
        await peer.BeginAsync();
        return peer;
    }

    private static async Task StoreDamagedEventAsync(LocalEndpoint endpoint)
    {
        using var sender = await BeginAsync(endpoint);
        await sender.AttachSenderAsync("telemetry/Partitions/0");
        await sender.TransferAsync(Encoded.Event("x"));
        await sender.ExpectAsync<Dispose>();
        foreach (var path in Directory.EnumerateFiles(endpoint.Folder, "*.log", SearchOption.AllDirectories))
            Damage(path);
    }

    private static void Damage(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        for (var i = bytes.Length / 2; i < bytes.Length; i++)
            bytes[i] ^= 0xFF;
        file.Position = 0;
        file.Write(bytes);
    }

    /// <summary>A clock that fails once, when the test says so.</summary>
    private sealed class FailingTime : FakeTimeProvider
    {
        private int _failures;

        public void FailNext() => Volatile.Write(ref _failures, 1);

        public override long GetTimestamp() => Interlocked.Exchange(ref _failures, 0) == 0
            ? base.GetTimestamp()
            : throw new InvalidOperationException("The clock cannot be read.");
    }
}
