using Microsoft.Extensions.Hosting;

namespace BuildingMgmt.LocalRuntime.Hosting;

/// <summary>How long functions may run, and when they are told that the host goes down.</summary>
internal sealed class HostTimes : IDisposable
{
    /// <summary>All of the shutdown.</summary>
    public static readonly TimeSpan Shutdown = TimeSpan.FromSeconds(9);

    /// <summary>Time that triggered runs have to end by themselves, before their tokens are cancelled.</summary>
    public static readonly TimeSpan TriggeredGrace = TimeSpan.FromSeconds(6);

    // A query is done long before; a stream or a long poll would never end by itself.
    private static readonly TimeSpan HttpGrace = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _http = new();
    private readonly CancellationTokenRegistration _stopping;

    public HostTimes(IHostApplicationLifetime lifetime, TimeSpan functionTimeout)
    {
        FunctionTimeout = functionTimeout;
        _stopping = lifetime.ApplicationStopping.UnsafeRegister(static http => ((CancellationTokenSource)http!).CancelAfter(HttpGrace), _http);
    }

    /// <summary>From host.json; infinite when it says -1.</summary>
    public TimeSpan FunctionTimeout { get; }

    /// <summary>Cancelled a little after the host began to go down.</summary>
    public CancellationToken HttpStopping => _http.Token;

    public void Dispose()
    {
        _stopping.Dispose();
        _http.Dispose();
    }
}
