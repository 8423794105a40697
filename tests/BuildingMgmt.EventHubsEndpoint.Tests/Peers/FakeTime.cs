using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Peers;

internal static class FakeTime
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Moves the endpoint's clock on until what is awaited has happened.</summary>
    public static async Task AdvanceUntilAsync(this FakeTimeProvider time, TimeSpan step, Task awaited)
    {
        while (!awaited.IsCompleted)
        {
            time.Advance(step);
            await Task.WhenAny(awaited, Task.Delay(Pause, TestContext.Current.CancellationToken));
        }
        await awaited;
    }
}
