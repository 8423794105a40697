using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Hosting;

namespace BuildingMgmt.LocalRuntime.Durable.Functions;

/// <summary>Starts and stops the app's hub with the host.</summary>
internal sealed class DurableHosting(DurableHub hub) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => hub.StartAsync(cancellationToken);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        using var timeIsUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeIsUp.CancelAfter(HostTimes.TriggeredGrace);
        try
        {
            await hub.StopAsync(timeIsUp.Token).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // An activity does not hear its token. Its lease runs out, and it runs again elsewhere.
        }
    }
}
