using System.Diagnostics.CodeAnalysis;

namespace Azure.Core.Amqp;

/// <summary>The body of an AMQP message. Event Hubs knows bodies of data; others can be read, not sent.</summary>
public class AmqpMessageBody
{
    private readonly IEnumerable<ReadOnlyMemory<byte>>? _data;
    private readonly object? _value;

    /// <summary>A body of one or more pieces of data.</summary>
    public AmqpMessageBody(IEnumerable<ReadOnlyMemory<byte>> data)
    {
        ArgumentNullException.ThrowIfNull(data);
        _data = data;
        BodyType = AmqpMessageBodyType.Data;
    }

    private AmqpMessageBody(object? value)
    {
        _value = value;
        BodyType = AmqpMessageBodyType.Value;
    }

    /// <summary>Which kind of body this is.</summary>
    public AmqpMessageBodyType BodyType { get; }

    /// <summary>A body of one or more pieces of data.</summary>
    public static AmqpMessageBody FromData(IEnumerable<ReadOnlyMemory<byte>> data) => new(data);

    /// <summary>A body of one AMQP value.</summary>
    public static AmqpMessageBody FromValue(object value) => new(value);

    /// <summary>The data, if the body is data.</summary>
    public bool TryGetData([NotNullWhen(true)] out IEnumerable<ReadOnlyMemory<byte>>? data)
    {
        data = _data;
        return data is not null;
    }

    /// <summary>The value, if the body is one.</summary>
    public bool TryGetValue(out object? value)
    {
        value = _value;
        return BodyType == AmqpMessageBodyType.Value;
    }
}

/// <summary>Kinds of body.</summary>
public enum AmqpMessageBodyType
{
    /// <summary>Bytes.</summary>
    Data,

    /// <summary>One AMQP value.</summary>
    Value,

    /// <summary>Lists of AMQP values.</summary>
    Sequence,
}
