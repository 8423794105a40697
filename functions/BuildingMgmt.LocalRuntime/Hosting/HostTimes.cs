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

    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _http;
    private readonly CancellationTokenRegistration _stopping;

    public HostTimes(IHostApplicationLifetime lifetime, TimeSpan functionTimeout, TimeProvider time)
    {
        FunctionTimeout = functionTimeout;
        _time = time;
        // Its own timer, unlike one that calls Cancel, may fire beside the disposal.
        _http = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _stopping = lifetime.ApplicationStopping.UnsafeRegister(
            static http => ((CancellationTokenSource)http!).CancelAfter(HttpGrace), _http);
    }

    /// <summary>From host.json; infinite when it says -1.</summary>
    public TimeSpan FunctionTimeout { get; }

    /// <summary>Cancelled a little after the host began to go down.</summary>
    public CancellationToken HttpStopping => _http.Token;

    /// <summary>Now, for <see cref="StartTimeout"/>.</summary>
    public long Timestamp => _time.GetTimestamp();

    /// <summary>Cancelled once a run has had its time; null when runs may take as long as they like.</summary>
    /// <param name="began">When the run began, by <see cref="Timestamp"/>.</param>
    public CancellationTokenSource? StartTimeout(long began)
    {
        if (FunctionTimeout == Timeout.InfiniteTimeSpan)
            return null;
        var left = FunctionTimeout - _time.GetElapsedTime(began);
        return new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, _time);
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _http.Dispose();
    }
}
