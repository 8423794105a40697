namespace Microsoft.DurableTask;

/// <summary>Turns inputs, outputs, events and custom status into text and back.</summary>
public abstract class DataConverter
{
    /// <summary>Text of a value; null for null.</summary>
    public abstract string? Serialize(object? value);

    /// <summary>Value of a text; null for null.</summary>
    public abstract object? Deserialize(string? data, Type targetType);

    /// <summary>Value of a text; the type's default for null.</summary>
    public virtual T? Deserialize<T>(string? data) => Deserialize(data, typeof(T)) is T value ? value : default;
}
