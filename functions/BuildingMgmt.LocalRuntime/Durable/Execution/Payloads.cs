using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Durable.Execution;

/// <summary>Inputs, outputs, events and status as text. A failure says whose they are.</summary>
internal sealed class Payloads(DataConverter converter)
{
    public string? Write(object? value, string what)
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
}
