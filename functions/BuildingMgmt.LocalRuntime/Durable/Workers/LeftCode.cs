using BuildingMgmt.LocalRuntime.Durable.Client;
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
        for (var pause = PollPause.Shortest; ; pause = PollPause.After(pause))
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
                await Task.Delay(pause, parts.Time).ConfigureAwait(false);
            }
        }
    }
}
