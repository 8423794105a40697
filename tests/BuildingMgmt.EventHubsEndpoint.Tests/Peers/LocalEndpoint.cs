using BuildingMgmt.EventHubsEndpoint.Log;
using BuildingMgmt.EventHubsEndpoint.Security;
using BuildingMgmt.EventHubsEndpoint.Transport;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Peers;

/// <summary>An endpoint in the test's own process, whose limits and clock the test sets.</summary>
internal sealed class LocalEndpoint : IDisposable
{
    public const string Key = "a2V5IG9mIHRoZSB0ZXN0cw==";

    private readonly ScratchFolder _folder = new();
    private readonly EventHubEndpoint _endpoint;

    public LocalEndpoint(PeerLimits? limits = null, TimeProvider? time = null, LogOptions? log = null, ILogger? logger = null)
    {
        _endpoint = EventHubEndpoint.Start(
            new EndpointOptions
            {
                Port = 0,
                DataFolder = _folder.Path,
                Hub = "telemetry",
                Key = new SharedAccessKey(RawPeer.KeyName, Key),
                Partitions = 2,
                Log = log ?? new LogOptions { Fsync = false },
                Limits = limits ?? new PeerLimits(),
            },
            time ?? TimeProvider.System, logger ?? NullLogger.Instance);
    }

    /// <summary>Where the hub's events lie.</summary>
    public string Folder => _folder.Path;

    public int Port => _endpoint.Port;

    public string ConnectionString =>
        $"Endpoint=sb://127.0.0.1:{Port};SharedAccessKeyName={RawPeer.KeyName};SharedAccessKey={Key};UseDevelopmentEmulator=true;";

    /// <summary>A peer that has proved that it has the key.</summary>
    public Task<RawPeer> OpenAsync() => RawPeer.OpenAsync(Port, Key);

    /// <summary>Proves that the endpoint serves others: one event goes in and comes out.</summary>
    public async Task AssertServesOthersAsync()
    {
        using var peer = await OpenAsync();
        await peer.BeginAsync();
        await peer.AttachReceiverAsync("telemetry/ConsumerGroups/$Default/Partitions/1", 10, filter: "amqp.annotation.x-opt-offset > '@latest'");
        await peer.AttachSenderAsync("telemetry/Partitions/1");
        await peer.TransferAsync(Encoded.Event("still here"));
        Assert.Equal("still here", Encoded.Body(await peer.ReceiveAsync()));
    }

    public void Dispose()
    {
        _endpoint.Dispose();
        _folder.Dispose();
    }
}
