using BuildingMgmt.Testing;

namespace BuildingMgmt.EndToEnd.Tests;

/// <summary>The system as the README's first command brings it up, demo building and all, on free ports.</summary>
public sealed class DemoStack : IAsyncLifetime
{
    public RunningStack Stack { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Stack = await RunningStack.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await Stack.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
