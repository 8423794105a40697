using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Peers;

internal static class FakeTime
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>Moves the endpoint's clock on until what is awaited has happened.</summary>
    /// <exception cref="TimeoutException">It has not, by the real clock's deadline.</exception>
    public static async Task AdvanceUntilAsync(this FakeTimeProvider time, TimeSpan step, Task awaited)
    {
        var began = Stopwatch.GetTimestamp();
        while (!awaited.IsCompleted)
        {
            if (Stopwatch.GetElapsedTime(began) > Deadline)
                throw new TimeoutException($"Moved the clock on for {Deadline.TotalSeconds:0} s in vain.");
            time.Advance(step);
            await Task.WhenAny(awaited, Task.Delay(Pause, TestContext.Current.CancellationToken));
        }
        await awaited;
    }
}
