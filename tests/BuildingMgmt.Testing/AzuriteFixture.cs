using BuildingMgmt.LocalStack.Setup;
using BuildingMgmt.LocalStack.Storage;
using Xunit;

namespace BuildingMgmt.Testing;

/// <summary>
/// One Azurite for a test assembly: <c>[assembly: AssemblyFixture(typeof(AzuriteFixture))]</c>. Tests share it, so each uses
/// table and container names of its own.
/// </summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    private readonly ScratchFolder folder = new();
    private AzuriteServer? server;

    /// <summary>The server, to break it. Use it only where no other test runs beside.</summary>
    public AzuriteServer Server => server ?? throw new InvalidOperationException("The fixture is not initialized.");

    public string ConnectionString => Server.ConnectionString;

    public async ValueTask InitializeAsync()
    {
        await NodePackages.EnsureAsync(progress: null, CancellationToken.None);
        server = await AzuriteServer.StartAsync(
            new()
            {
                DataFolder = folder.File("azurite"),
                AccountKey = Convert.ToBase64String(new byte[64]),
                LogPath = folder.File("azurite.log"),
            },
            CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        folder.Dispose();
    }
}
