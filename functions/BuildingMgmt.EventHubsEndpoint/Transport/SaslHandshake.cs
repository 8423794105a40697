using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Amqp;
using Amqp.Sasl;
using Amqp.Types;
using BuildingMgmt.EventHubsEndpoint.Security;
using BuildingMgmt.EventHubsEndpoint.Wire;

namespace BuildingMgmt.EventHubsEndpoint.Transport;

/// <summary>
/// The server's side of SASL, up to the peer's AMQP header. It ends before the library opens the connection, because the JavaScript
/// client hangs when the endpoint's header and open arrive in one segment with the SASL outcome.
/// </summary>
internal static class SaslHandshake
{
    // OASIS AMQP 1.0, part 5, section 5.3.3: a SASL frame is at most 512 bytes.
    private const int FrameBytesMax = 512;
    private const byte SaslFrameType = 1;

    private static readonly byte[] SaslHeader = [.. "AMQP"u8, 3, 1, 0, 0];
    private static readonly byte[] AmqpHeader = [.. "AMQP"u8, 0, 1, 0, 0];

    public const int HeaderBytes = 8;

    /// <returns>Whether the peer proved by PLAIN that it has the key; false leaves that to a token.</returns>
    /// <exception cref="InvalidDataException">The peer does not speak SASL and AMQP 1.0, or was not let in; it has been told.</exception>
    public static async Task<bool> RunAsync(Socket socket, SharedAccessKey key, CancellationToken cancellationToken)
    {
        var buffer = new byte[FrameBytesMax];
        await ReadHeaderAsync(socket, buffer, SaslHeader, cancellationToken);
        var mechanisms = new SaslMechanisms { SaslServerMechanisms = ["MSSBCBS", "ANONYMOUS", "PLAIN"] };
        byte[] opening = [.. SaslHeader, .. Frame(mechanisms)];
        await SendAsync(socket, opening, cancellationToken);

        var init = await ReadInitAsync(socket, buffer, cancellationToken);
        var mechanism = init.Mechanism?.ToString();
        var provedKey = mechanism == "PLAIN" && IsKey(init.InitialResponse, key);
        var isOk = provedKey || mechanism is "MSSBCBS" or "ANONYMOUS";
        await SendAsync(socket, Frame(new SaslOutcome { Code = isOk ? SaslCode.Ok : SaslCode.Auth }), cancellationToken);
        if (!isOk)
            throw new InvalidDataException($"SASL {mechanism} failed");

        await ReadHeaderAsync(socket, buffer, AmqpHeader, cancellationToken);
        return provedKey;
    }

    /// <summary>The AMQP header that <see cref="RunAsync"/> has read, for the library to read again.</summary>
    public static ReadOnlySpan<byte> ReadHeader => AmqpHeader;

    private static async Task ReadHeaderAsync(Socket socket, byte[] buffer, byte[] expected, CancellationToken cancellationToken)
    {
        await ReadExactlyAsync(socket, buffer.AsMemory(0, HeaderBytes), cancellationToken);
        if (buffer.AsSpan(0, HeaderBytes).SequenceEqual(expected))
            return;
        // Part 2, section 2.2: answer with the header that would have been right, then close.
        await SendAsync(socket, expected, cancellationToken);
        throw new InvalidDataException("it does not begin with an AMQP 1.0 header over SASL");
    }

    private static async Task<SaslInit> ReadInitAsync(Socket socket, byte[] buffer, CancellationToken cancellationToken)
    {
        await ReadExactlyAsync(socket, buffer.AsMemory(0, 8), cancellationToken);
        var size = BinaryPrimitives.ReadInt32BigEndian(buffer);
        if (size is <= 8 or > FrameBytesMax || buffer[4] != 2 || buffer[5] != SaslFrameType)
            throw new InvalidDataException("it sent no SASL frame");
        await ReadExactlyAsync(socket, buffer.AsMemory(8, size - 8), cancellationToken);

        var init = new SaslInit();
        try
        {
            if (new AmqpReader(buffer.AsSpan(8, size - 8)).ReadDescriptor() == Descriptors.SaslInit)
                init.Decode(new ByteBuffer(buffer, 8, size - 8, size - 8));
        }
        catch (Exception malformed) when (malformed is AmqpException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidDataException("it sent a malformed SASL frame", malformed);
        }
        return init;
    }

    // RFC 4616: authorization identity, authentication identity, password, with zeros between.
    private static bool IsKey(byte[]? response, SharedAccessKey key)
    {
        var parts = Encoding.UTF8.GetString(response ?? []).Split('\0');
        return parts.Length == 3
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(parts[1]), Encoding.UTF8.GetBytes(key.Name))
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(parts[2]), Encoding.UTF8.GetBytes(key.Key));
    }

    private static byte[] Frame(DescribedList body)
    {
        var buffer = new ByteBuffer(128, autoGrow: true);
        buffer.Append(8);
        body.Encode(buffer);
        var frame = buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).ToArray();
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length);
        (frame[4], frame[5]) = (2, SaslFrameType);
        return frame;
    }

    private static async Task ReadExactlyAsync(Socket socket, Memory<byte> target, CancellationToken cancellationToken)
    {
        while (!target.IsEmpty)
        {
            var read = await socket.ReceiveAsync(target, SocketFlags.None, cancellationToken);
            if (read == 0)
                throw new InvalidDataException("it closed during the handshake");
            target = target[read..];
        }
    }

    private static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, cancellationToken)..];
    }
}
