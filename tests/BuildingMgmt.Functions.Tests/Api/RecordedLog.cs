using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Tests.Api;

/// <summary>Keeps what is logged, for those who look whether an operator is told.</summary>
public sealed class RecordedLog : ILoggerProvider
{
    private readonly ConcurrentQueue<RecordedEvent> events = new();

    /// <summary>All events of this id, oldest first.</summary>
    public IReadOnlyList<RecordedEvent> Of(int id) => [.. events.Where(recorded => recorded.Id == id)];

    public ILogger CreateLogger(string categoryName) => new Logger(events);

    public void Dispose()
    {
    }

    private sealed class Logger(ConcurrentQueue<RecordedEvent> events) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            events.Enqueue(new RecordedEvent(eventId.Id, logLevel, formatter(state, exception), exception));
    }
}

/// <summary>One event of a <see cref="RecordedLog"/>.</summary>
public sealed record RecordedEvent(int Id, LogLevel Level, string Text, Exception? Exception);
