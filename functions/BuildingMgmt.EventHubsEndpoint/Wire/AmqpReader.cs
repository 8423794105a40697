using System.Buffers.Binary;

namespace BuildingMgmt.EventHubsEndpoint.Wire;

/// <summary>
/// Walks over encoded AMQP 1.0 values without building objects: what is stored must stay byte for byte as it was sent, and what
/// guards a connection must cost little. Never throws: after a bad encoding <see cref="Failed"/> stays true.
/// </summary>
/// <remarks>OASIS AMQP 1.0, part 1, section 1.2: the high half of a format code says how wide the value is.</remarks>
internal ref struct AmqpReader(ReadOnlySpan<byte> bytes)
{
    /// <summary>Described values within descriptors within described values: no real peer nests them at all.</summary>
    private const int NestingMax = 8;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>A value was cut short, or no AMQP encoding.</summary>
    public bool Failed { get; private set; }

    public readonly bool AtEnd => Failed || Position >= _bytes.Length;

    /// <summary>Reads one described value's descriptor. Zero when it is a symbol that names no known section or performative.</summary>
    public ulong ReadDescriptor()
    {
        if (ReadByte() != 0)
            return Fail();
        var start = Position;
        switch (ReadByte())
        {
            case 0x44:
                return 0;
            case 0x53:
                return ReadByte();
            case 0x80:
                return Take(8, out var wide) ? BinaryPrimitives.ReadUInt64BigEndian(wide) : 0;
            case 0xA3:
                return Take(ReadByte(), out var shortName) ? Descriptors.FromSymbol(shortName) : 0;
            case 0xB3:
                return Take(ReadSize(), out var longName) ? Descriptors.FromSymbol(longName) : 0;
            default:
                Position = start;
                Skip();
                return 0;
        }
    }

    /// <summary>Steps over one value of any type.</summary>
    public void Skip() => Skip(0);

    /// <summary>Reads the head of a list or map; its items follow. Zero items for an empty list or null.</summary>
    /// <param name="end">Where the compound ends, in bytes from the start.</param>
    public int ReadCompound(out int end)
    {
        var code = ReadByte();
        switch (code)
        {
            case 0x40 or 0x45:
                end = Position;
                return 0;
            case 0xC0 or 0xC1:
            {
                var size = ReadByte();
                end = Position + size;
                return end > _bytes.Length || size < 1 ? FailCompound(out end) : ReadByte();
            }
            case 0xD0 or 0xD1:
            {
                var size = ReadSize();
                end = Position + size;
                if (size < 4 || size > _bytes.Length - Position)
                    return FailCompound(out end);
                var count = ReadSize();
                // An item takes at least its format code.
                return count > size - 4 ? FailCompound(out end) : count;
            }
            default:
                return FailCompound(out end);
        }
    }

    /// <summary>Reads a uint, ulong, boolean or their short forms; null is <paramref name="absent"/>.</summary>
    public ulong ReadNumber(ulong absent = 0)
    {
        var code = ReadByte();
        switch (code)
        {
            case 0x40:
                return absent;
            case 0x41:
                return 1;
            case 0x42 or 0x43 or 0x44:
                return 0;
            case 0x50 or 0x52 or 0x53 or 0x56:
                return ReadByte();
            case 0x60:
                return Take(2, out var two) ? BinaryPrimitives.ReadUInt16BigEndian(two) : 0u;
            case 0x70:
                return Take(4, out var four) ? BinaryPrimitives.ReadUInt32BigEndian(four) : 0u;
            case 0x80:
                return Take(8, out var eight) ? BinaryPrimitives.ReadUInt64BigEndian(eight) : 0ul;
            default:
                return Fail();
        }
    }

    /// <summary>Reads a symbol's or string's bytes; false, with nothing read, when the next value is another type.</summary>
    public bool TryReadText(out ReadOnlySpan<byte> text)
    {
        var start = Position;
        switch (ReadByte())
        {
            case 0xA1 or 0xA3:
                return Take(ReadByte(), out text);
            case 0xB1 or 0xB3:
                return Take(ReadSize(), out text);
            default:
                Position = start;
                text = default;
                return false;
        }
    }

    /// <summary>Reads a binary value; false, with nothing read, when the next value is another type.</summary>
    public bool TryReadBinary(out ReadOnlySpan<byte> binary)
    {
        var start = Position;
        switch (ReadByte())
        {
            case 0xA0:
                return Take(ReadByte(), out binary);
            case 0xB0:
                return Take(ReadSize(), out binary);
            default:
                Position = start;
                binary = default;
                return false;
        }
    }

    private void Skip(int depth)
    {
        var code = ReadByte();
        if (code == 0)
        {
            if (depth == NestingMax)
            {
                Failed = true;
                return;
            }
            Skip(depth + 1);
            Skip(depth + 1);
            return;
        }

        var size = (code >> 4) switch
        {
            0x4 => 0,
            0x5 => 1,
            0x6 => 2,
            0x7 => 4,
            0x8 => 8,
            0x9 => 16,
            0xA or 0xC or 0xE => ReadByte(),
            0xB or 0xD or 0xF => ReadSize(),
            _ => -1,
        };
        if (size < 0)
            Failed = true;
        else
            Take(size, out _);
    }

    private byte ReadByte()
    {
        if (Failed || Position >= _bytes.Length)
        {
            Failed = true;
            return 0;
        }
        return _bytes[Position++];
    }

    private int ReadSize()
    {
        if (!Take(4, out var size))
            return 0;
        var value = BinaryPrimitives.ReadUInt32BigEndian(size);
        if (value <= int.MaxValue)
            return (int)value;
        Failed = true;
        return 0;
    }

    private bool Take(int count, out ReadOnlySpan<byte> taken)
    {
        if (Failed || count > _bytes.Length - Position)
        {
            Failed = true;
            taken = default;
            return false;
        }
        taken = _bytes.Slice(Position, count);
        Position += count;
        return true;
    }

    private ulong Fail()
    {
        Failed = true;
        return 0;
    }

    private int FailCompound(out int end)
    {
        Failed = true;
        end = Position;
        return 0;
    }
}
