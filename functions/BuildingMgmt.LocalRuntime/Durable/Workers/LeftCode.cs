using BuildingMgmt.LocalRuntime.Durable.Store;

namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>Code that went on outside of a step.</summary>
internal static class LeftCode
{
    /// <summary>
    /// Sends word of it to its own instance, which so fails at once, and in every replay: nothing else may ever come for it, and code that is
    /// begun anew would only get to the same place again.
    /// </summary>
    public static async Task TellAsync(WorkerParts parts, NewMessage left)
    {
        // Not of the worker's own numbers: this is some thread of the app's.
        var backoff = new Backoff(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2), Random.Shared);
        while (true)
        {
            try
            {
                await parts.Store.SendAsync(left, CancellationToken.None).ConfigureAwait(false);
                return;
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (Exception)
            {
                // Others say that the store is away.
                await Task.Delay(backoff.Next(), parts.Time).ConfigureAwait(false);
            }
        }
    }
}
