using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Peers;

/// <summary>A fault where nobody expects one: it throws, instead of logging.</summary>
/// <param name="failingId">The event that fails, the first time only; null for every event, every time.</param>
internal sealed class FailingLogger(int? failingId = null) : ILogger
{
    private int _failed;

    /// <summary>Ids of what was logged.</summary>
    public ConcurrentQueue<int> Logged { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (failingId is null || (eventId.Id == failingId && Interlocked.Exchange(ref _failed, 1) == 0))
            throw new IOException("The log cannot be written.");
        Logged.Enqueue(eventId.Id);
    }
}
