namespace Azure.Core.Amqp;

/// <summary>Id of an AMQP message, as text.</summary>
public readonly struct AmqpMessageId : IEquatable<AmqpMessageId>
{
    private readonly string _id;

    /// <summary>An id.</summary>
    public AmqpMessageId(string messageId)
    {
        ArgumentNullException.ThrowIfNull(messageId);
        _id = messageId;
    }

    /// <summary>Whether both are the same id.</summary>
    public bool Equals(AmqpMessageId other) => Equals(other._id);

    /// <summary>Whether this is the given id.</summary>
    public bool Equals(string other) => string.Equals(_id, other, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is AmqpMessageId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _id?.GetHashCode(StringComparison.Ordinal) ?? 0;

    /// <inheritdoc/>
    public override string ToString() => _id;

    /// <summary>Whether both are the same id.</summary>
    public static bool operator ==(AmqpMessageId left, AmqpMessageId right) => left.Equals(right);

    /// <summary>Whether they are different ids.</summary>
    public static bool operator !=(AmqpMessageId left, AmqpMessageId right) => !left.Equals(right);
}

/// <summary>Address of an AMQP node, as text.</summary>
public readonly struct AmqpAddress : IEquatable<AmqpAddress>
{
    private readonly string _address;

    /// <summary>An address.</summary>
    public AmqpAddress(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        _address = address;
    }

    /// <summary>Whether both are the same address.</summary>
    public bool Equals(AmqpAddress other) => Equals(other._address);

    /// <summary>Whether this is the given address.</summary>
    public bool Equals(string other) => string.Equals(_address, other, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is AmqpAddress other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _address?.GetHashCode(StringComparison.Ordinal) ?? 0;

    /// <inheritdoc/>
    public override string ToString() => _address;

    /// <summary>Whether both are the same address.</summary>
    public static bool operator ==(AmqpAddress left, AmqpAddress right) => left.Equals(right);

    /// <summary>Whether they are different addresses.</summary>
    public static bool operator !=(AmqpAddress left, AmqpAddress right) => !left.Equals(right);
}
