using System.Diagnostics.CodeAnalysis;

namespace Azure.Core.Amqp;

/// <summary>The body of an AMQP message. Event Hubs knows bodies of data; others can be read, not sent.</summary>
public class AmqpMessageBody
{
    private readonly IEnumerable<ReadOnlyMemory<byte>>? _data;
    private readonly object? _value;
    private readonly IEnumerable<IList<object>>? _sequence;

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

    private AmqpMessageBody(IEnumerable<IList<object>> sequence)
    {
        _sequence = sequence;
        BodyType = AmqpMessageBodyType.Sequence;
    }

    /// <summary>Which kind of body this is.</summary>
    public AmqpMessageBodyType BodyType { get; }

    /// <summary>A body of one or more pieces of data.</summary>
    public static AmqpMessageBody FromData(IEnumerable<ReadOnlyMemory<byte>> data) => new(data);

    /// <summary>A body of one AMQP value.</summary>
    public static AmqpMessageBody FromValue(object value) => new(value);

    /// <summary>A body of lists of AMQP values.</summary>
    public static AmqpMessageBody FromSequence(IEnumerable<IList<object>> sequence) => new(sequence);

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

    /// <summary>The lists, if the body is such.</summary>
    public bool TryGetSequence([NotNullWhen(true)] out IEnumerable<IList<object>>? sequence)
    {
        sequence = _sequence;
        return sequence is not null;
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
