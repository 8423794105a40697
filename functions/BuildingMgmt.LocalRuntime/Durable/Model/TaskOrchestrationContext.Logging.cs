using Microsoft.Extensions.Logging;

namespace Microsoft.DurableTask;

public abstract partial class TaskOrchestrationContext
{
    private SafeLoggerFactory? replaySafe;

    /// <summary>A logger that is silent while the code is replayed.</summary>
    public virtual ILogger CreateReplaySafeLogger(string categoryName) =>
        new SafeLogger(this, LoggerFactory.CreateLogger(categoryName));

    /// <summary>A logger that is silent while the code is replayed.</summary>
    public virtual ILogger CreateReplaySafeLogger(Type type) => new SafeLogger(this, LoggerFactory.CreateLogger(type));

    /// <summary>A logger that is silent while the code is replayed.</summary>
    public virtual ILogger CreateReplaySafeLogger<T>() => new SafeLogger(this, LoggerFactory.CreateLogger<T>());

    private sealed class SafeLogger(TaskOrchestrationContext context, ILogger logger) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull =>
            logger.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => !context.IsReplaying && logger.IsEnabled(logLevel);

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                logger.Log(logLevel, eventId, state, exception, formatter);
        }
    }

    private sealed class SafeLoggerFactory(TaskOrchestrationContext context) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => context.CreateReplaySafeLogger(categoryName);

        public void AddProvider(ILoggerProvider provider) => context.LoggerFactory.AddProvider(provider);

        // The factory behind it is the app's.
        public void Dispose()
        {
        }
    }
}
