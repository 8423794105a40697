using BuildingMgmt.LocalStack.EventHubs;
using Xunit;

namespace BuildingMgmt.Testing;

/// <summary>
/// One Event Hubs endpoint with the hub <c>telemetry</c> (4 partitions): <c>IClassFixture&lt;EventHubsFixture&gt;</c> for a class of
/// tests, which then share the hub's events.
/// </summary>
public sealed class EventHubsFixture : IAsyncLifetime
{
    private readonly ScratchFolder folder = new();
    private EventHubsOptions? options;
    private EventHubsServer? server;

    /// <summary>The server, to break it.</summary>
    public EventHubsServer Server => server ?? throw new InvalidOperationException("The fixture is not initialized.");

    public string ConnectionString => Server.ConnectionString;

    public async ValueTask InitializeAsync()
    {
        options = new()
        {
            DataFolder = folder.File("event-hubs"),
            Key = Convert.ToBase64String(new byte[32]),
            LogPath = folder.File("event-hubs.log"),
        };
        server = await EventHubsServer.StartAsync(options, CancellationToken.None);
    }

    /// <summary>Starts it again on the same port and data, after it was stopped or killed.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await Server.DisposeAsync();
        server = await EventHubsServer.StartAsync(options! with { Port = Server.Port }, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        folder.Dispose();
    }
}
