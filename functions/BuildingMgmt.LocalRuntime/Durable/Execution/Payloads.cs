using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Durable.Execution;

/// <summary>Inputs, outputs, events and status as text. A failure says whose they are.</summary>
internal sealed class Payloads(DataConverter converter)
{
    // A step holds several copies of what it reads and writes, and many steps are made at once.
    private const int CharsMax = 32 * 1024 * 1024;

    /// <exception cref="ArgumentException">It is too long to be kept.</exception>
    public static string? Bounded(string? text, string what) => text?.Length > CharsMax
        ? throw new ArgumentException(
            $"{what} has {text.Length} characters as JSON; at most {CharsMax} are kept with an orchestration. Put it where files go, and pass its name.")
        : text;

    public string? Write(object? value, string what) => Bounded(Serialize(value, what), what);

    public T? Read<T>(string? text, string what)
    {
        try
        {
            return converter.Deserialize<T>(text);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{what} is not a {typeof(T)}: {exception.Message}", exception);
        }
    }

    private string? Serialize(object? value, string what)
    {
        try
        {
            return converter.Serialize(value);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{what} (of type {value?.GetType()}) cannot be serialized: {exception.Message}", exception);
        }
    }
}
