using Amqp.Framing;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Peers;

/// <summary>What fails in the endpoint itself, while it serves one peer, costs that peer its link or its connection and others nothing.</summary>
public sealed class EndpointFaultTests
{
    private const string Receiver = "telemetry/ConsumerGroups/$Default/Partitions/0";

    [Fact]
    public async Task Who_reads_a_damaged_file_loses_its_link_or_at_worst_its_connection()
    {
        var logger = new FailingLogger(DiagnosticEvents.LinkTakenAway);
        using var endpoint = new LocalEndpoint(logger: logger);
        using var sender = await endpoint.OpenAsync();
        await sender.BeginAsync();
        await sender.AttachSenderAsync("telemetry/Partitions/0");
        await sender.TransferAsync(Encoded.Event("x"));
        await sender.ExpectAsync<Dispose>();
        foreach (var path in Directory.EnumerateFiles(endpoint.Folder, "*.log", SearchOption.AllDirectories))
            Damage(path);

        // The first time, taking the link away fails as well.
        using var first = await endpoint.OpenAsync();
        await first.BeginAsync();
        await first.AttachReceiverAsync(Receiver, 10);
        await first.ExpectEndAsync();
        Assert.Contains(DiagnosticEvents.PeerFailed, logger.Logged);

        using var second = await endpoint.OpenAsync();
        await second.BeginAsync();
        await second.AttachReceiverAsync(Receiver, 10);
        Assert.Equal("amqp:internal-error", (await second.ExpectDetachAsync()).Error.Condition);
        await endpoint.AssertServesOthersAsync();
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
}
