using Microsoft.Extensions.Logging;

namespace BuildingMgmt.EventHubsEndpoint;

/// <summary>
/// A log that cannot be written costs its line and nothing else. The endpoint logs on threads that have nobody above them: the one that
/// stores, those of timers and of the library. There a failure would end the process, or leave other peers' events without an answer.
/// </summary>
internal sealed class NeverThrowingLogger(ILogger logger) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
    {
        try
        {
            return logger.BeginScope(state);
        }
        catch (Exception)
        {
            return null;
        }
    }

    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return logger.IsEnabled(logLevel);
        }
        catch (Exception)
        {
            return false;
        }
    }

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            logger.Log(logLevel, eventId, state, exception, formatter);
        }
        catch (Exception)
        {
            // Whom to tell, when telling is what failed?
        }
    }
}
