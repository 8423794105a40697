namespace BuildingMgmt.EventHubsEndpoint.Wire;

/// <summary>Numeric descriptors of performatives and message sections (OASIS AMQP 1.0, parts 2 and 3).</summary>
internal static class Descriptors
{
    public const ulong Open = 0x10;
    public const ulong Begin = 0x11;
    public const ulong Attach = 0x12;
    public const ulong Flow = 0x13;
    public const ulong Transfer = 0x14;
    public const ulong Disposition = 0x15;
    public const ulong Detach = 0x16;
    public const ulong End = 0x17;
    public const ulong Close = 0x18;
    public const ulong SaslInit = 0x41;
    public const ulong Header = 0x70;
    public const ulong DeliveryAnnotations = 0x71;
    public const ulong MessageAnnotations = 0x72;
    public const ulong Data = 0x75;

    /// <summary>A peer may name a descriptor by symbol instead of number; both mean the same. Zero when unknown.</summary>
    public static ulong FromSymbol(ReadOnlySpan<byte> name)
    {
        foreach (var (symbol, code) in BySymbol)
        {
            if (name.SequenceEqual(symbol))
                return code;
        }
        return 0;
    }

    private static readonly (byte[] Symbol, ulong Code)[] BySymbol =
    [
        ("amqp:open:list"u8.ToArray(), Open),
        ("amqp:begin:list"u8.ToArray(), Begin),
        ("amqp:attach:list"u8.ToArray(), Attach),
        ("amqp:flow:list"u8.ToArray(), Flow),
        ("amqp:transfer:list"u8.ToArray(), Transfer),
        ("amqp:disposition:list"u8.ToArray(), Disposition),
        ("amqp:detach:list"u8.ToArray(), Detach),
        ("amqp:end:list"u8.ToArray(), End),
        ("amqp:close:list"u8.ToArray(), Close),
        ("amqp:sasl-init:list"u8.ToArray(), SaslInit),
        ("amqp:header:list"u8.ToArray(), Header),
        ("amqp:delivery-annotations:map"u8.ToArray(), DeliveryAnnotations),
        ("amqp:message-annotations:map"u8.ToArray(), MessageAnnotations),
        ("amqp:data:binary"u8.ToArray(), Data),
    ];
}
