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
    /// <summary>Details of an exception and of those inside it.</summary>
    public static TaskFailureDetails FromException(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var inner = exception switch
        {
            // What failed below is known better than by the exception that tells of it.
            TaskFailedException failed => failed.FailureDetails,
            { InnerException: { } cause } => FromException(cause),
            _ => null,
        };
        return new(exception.GetType().ToString(), exception.Message, exception.StackTrace, inner, null);
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
