using Microsoft.Extensions.Hosting;

namespace BuildingMgmt.LocalRuntime.Hosting;

/// <summary>Takes the host down when standard input closes, which tells that the process that started it has gone.</summary>
internal sealed class ParentWatch(IHostApplicationLifetime lifetime) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // A thread of its own: reading standard input blocks, and no token ends it.
        new Thread(Watch) { IsBackground = true, Name = "parent watch" }.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Watch()
    {
        using var input = Console.OpenStandardInput();
        var buffer = new byte[256];
        try
        {
            while (input.Read(buffer) > 0)
            {
                // Nothing is expected there; only its end is.
            }
        }
        catch (IOException)
        {
            // As good as its end.
        }

        lifetime.StopApplication();
    }
}
