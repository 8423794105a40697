using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Peers;

/// <summary>A fault where nobody expects one: the first time that one event is to be logged, it throws.</summary>
internal sealed class FailingLogger(int failingId) : ILogger
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
        if (eventId.Id == failingId && Interlocked.Exchange(ref _failed, 1) == 0)
            throw new IOException("The log cannot be written.");
        Logged.Enqueue(eventId.Id);
    }
}
