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
    private readonly CancellationTokenSource _http = new();
    private readonly ITimer _httpGrace;
    private readonly CancellationTokenRegistration _stopping;

    public HostTimes(IHostApplicationLifetime lifetime, TimeSpan functionTimeout, TimeProvider time)
    {
        FunctionTimeout = functionTimeout;
        _time = time;
        _httpGrace = time.CreateTimer(
            static http => ((CancellationTokenSource)http!).Cancel(), _http, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _stopping = lifetime.ApplicationStopping.UnsafeRegister(
            static grace => ((ITimer)grace!).Change(HttpGrace, Timeout.InfiniteTimeSpan), _httpGrace);
    }

    /// <summary>From host.json; infinite when it says -1.</summary>
    public TimeSpan FunctionTimeout { get; }

    /// <summary>Cancelled a little after the host began to go down.</summary>
    public CancellationToken HttpStopping => _http.Token;

    /// <summary>Cancelled once a run that begins now has had its time; null when runs may take as long as they like.</summary>
    public CancellationTokenSource? StartTimeout() =>
        FunctionTimeout == Timeout.InfiniteTimeSpan ? null : new CancellationTokenSource(FunctionTimeout, _time);

    public void Dispose()
    {
        _stopping.Dispose();
        _httpGrace.Dispose();
        _http.Dispose();
    }
}
