using System.Reflection;

namespace Microsoft.DurableTask;

/// <summary>What is kept of an exception that ended a task.</summary>
/// <param name="ErrorType">Full name of the exception's type.</param>
/// <param name="ErrorMessage">Its message.</param>
/// <param name="StackTrace">Where it was thrown, if known.</param>
/// <param name="InnerFailure">What caused it, if anything did.</param>
/// <param name="Properties">What the app adds to it.</param>
public record TaskFailureDetails(
    string ErrorType,
    string ErrorMessage,
    string? StackTrace,
    TaskFailureDetails? InnerFailure,
    IDictionary<string, object?>? Properties)
{
    // A failure passes up through as many orchestrations as there are, each of which adds one around it.
    private const int LevelsMax = 32;
    private const int MessageCharsMax = 32_000;
    private const int StackTraceCharsMax = 8_000;

    /// <summary>Details of an exception and of those inside it. Of very many only the outer ones and the innermost are kept.</summary>
    public static TaskFailureDetails FromException(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var levels = Levels(exception).ToList();
        if (levels.Count > LevelsMax)
            levels.RemoveRange(LevelsMax - 1, levels.Count - LevelsMax);
        return Enumerable.Reverse(levels).Aggregate((inner, outer) => outer with { InnerFailure = inner });
    }

    /// <summary>Whether the exception was of this type or one derived from it; false when its type cannot be loaded.</summary>
    public bool IsCausedBy<T>()
        where T : Exception =>
        IsCausedBy(typeof(T));

    /// <inheritdoc cref="IsCausedBy{T}"/>
    public bool IsCausedBy(Type targetBaseExceptionType)
    {
        ArgumentNullException.ThrowIfNull(targetBaseExceptionType);
        if (!typeof(Exception).IsAssignableFrom(targetBaseExceptionType))
            throw new ArgumentException($"{targetBaseExceptionType} is not a type of exceptions.", nameof(targetBaseExceptionType));
        if (string.IsNullOrEmpty(ErrorType))
            return false;
        var type = targetBaseExceptionType.ToString() == ErrorType ? targetBaseExceptionType : Load(targetBaseExceptionType.Assembly);
        return type is not null && targetBaseExceptionType.IsAssignableFrom(type);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{ErrorType}: {ErrorMessage}";

    private static IEnumerable<TaskFailureDetails> Levels(Exception exception)
    {
        for (var at = exception; at is not null; at = at.InnerException)
        {
            yield return new(
                at.GetType().ToString(), Text(at, static e => e.Message, MessageCharsMax) ?? "", Text(at, static e => e.StackTrace, StackTraceCharsMax), null, null);
            if (at is not TaskFailedException failed)
                continue;

            // What failed below is known better than by the exception that tells of it.
            for (var below = failed.FailureDetails; below is not null; below = below.InnerFailure)
                yield return below with { InnerFailure = null };
            yield break;
        }
    }

    // The app's own exceptions run its code here.
    private static string? Text(Exception exception, Func<Exception, string?> read, int charsMax)
    {
        try
        {
            var text = read(exception);
            return text?.Length > charsMax ? $"{text.AsSpan(0, charsMax)}…" : text;
        }
        catch (Exception broken)
        {
            return $"(cannot be read: {broken.GetType()})";
        }
    }

    private Type? Load(Assembly near)
    {
        if (Type.GetType(ErrorType, throwOnError: false) is { } known)
            return known;
        if (near.GetType(ErrorType, throwOnError: false) is { } sibling)
            return sibling;
        var found = AppDomain.CurrentDomain.GetAssemblies()
            .Select(assembly => assembly.GetType(ErrorType, throwOnError: false)).OfType<Type>().Take(2).ToArray();
        return found.Length > 1 ? throw new AmbiguousMatchException($"There are several types \"{ErrorType}\".") : found.FirstOrDefault();
    }
}
