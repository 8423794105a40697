using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Amqp;
using Amqp.Framing;
using Amqp.Sasl;
using Amqp.Types;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Peers;

/// <summary>One frame as it came.</summary>
internal sealed record RawFrame(ushort Channel, DescribedList? Performative, byte[] Payload);

/// <summary>A peer that writes its frames itself, and so can write wrong ones.</summary>
internal sealed class RawPeer : IDisposable
{
    public const string KeyName = "RootManageSharedAccessKey";

    public static readonly byte[] SaslHeader = [.. "AMQP"u8, 3, 1, 0, 0];
    public static readonly byte[] AmqpHeader = [.. "AMQP"u8, 0, 1, 0, 0];

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private static readonly Dictionary<byte, Func<DescribedList>> Performatives = new()
    {
        [0x10] = () => new Open(),
        [0x11] = () => new Begin(),
        [0x12] = () => new Attach(),
        [0x13] = () => new Flow(),
        [0x14] = () => new Transfer(),
        [0x15] = () => new Dispose(),
        [0x16] = () => new Detach(),
        [0x17] = () => new End(),
        [0x18] = () => new Close(),
        [0x40] = () => new SaslMechanisms(),
        [0x44] = () => new SaslOutcome(),
    };

    private readonly Socket _socket;
    private uint _nextDeliveryId;

    private RawPeer(Socket socket) => _socket = socket;

    /// <summary>Only a socket: what is said on it is up to the test.</summary>
    public static async Task<RawPeer> DialAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        return new RawPeer(socket);
    }

    /// <summary>Past SASL, and open. With a key by PLAIN, without one as ANONYMOUS.</summary>
    public static async Task<RawPeer> OpenAsync(int port, string? key, Open? open = null)
    {
        var peer = await DialAsync(port);
        await peer.SaslAsync(key);
        await peer.WriteAsync(0, open ?? new Open { ContainerId = "raw", MaxFrameSize = 65_536 });
        await peer.ExpectAsync<Open>();
        return peer;
    }

    /// <summary>Both headers and SASL between them.</summary>
    public async Task SaslAsync(string? key)
    {
        await WriteAsync(SaslHeader);
        await ReadAsync(8);
        await ExpectAsync<SaslMechanisms>();
        var init = key is null
            ? new SaslInit { Mechanism = "ANONYMOUS" }
            : new SaslInit { Mechanism = "PLAIN", InitialResponse = Encoding.UTF8.GetBytes($"\0{KeyName}\0{key}") };
        await WriteAsync(Frame(0, init, default, type: 1));
        Assert.Equal(SaslCode.Ok, (await ExpectAsync<SaslOutcome>()).Code);
        await WriteAsync(AmqpHeader);
        await ReadAsync(8);
    }

    public async Task BeginAsync(ushort channel = 0, uint incomingWindow = 2048)
    {
        await WriteAsync(channel, new Begin { NextOutgoingId = 0, IncomingWindow = incomingWindow, OutgoingWindow = 2048, HandleMax = 255 });
        await ExpectAsync<Begin>();
    }

    /// <summary>Attaches a link on which this peer sends, and waits for credit.</summary>
    public async Task AttachSenderAsync(string target, uint handle = 0)
    {
        await WriteAsync(0, new Attach
        {
            LinkName = $"to-{target}-{handle}", Handle = handle, Role = false, Source = new Source(), Target = new Target { Address = target },
            InitialDeliveryCount = 0,
        });
        Assert.NotNull((await ExpectAsync<Attach>()).Target);
        await ExpectAsync<Flow>();
    }

    /// <summary>Asks for a link on which this peer receives; what the answer is, is up to the test.</summary>
    public Task AskForReceiverAsync(string source, uint handle = 1, string? filter = null, SenderSettleMode mode = SenderSettleMode.Mixed) =>
        WriteAsync(0, new Attach
        {
            LinkName = $"from-{source}-{handle}", Handle = handle, Role = true, SndSettleMode = mode,
            Source = new Source
            {
                Address = source,
                FilterSet = filter is null ? null : new Map
                {
                    [new Symbol("apache.org:selector-filter:string")] = new DescribedValue(new Symbol("apache.org:selector-filter:string"), filter),
                },
            },
            Target = new Target(),
        });

    public async Task AttachReceiverAsync(
        string source, uint credit, uint handle = 1, string? filter = null, SenderSettleMode mode = SenderSettleMode.Mixed)
    {
        await AskForReceiverAsync(source, handle, filter, mode);
        Assert.NotNull((await ExpectAsync<Attach>()).Source);
        await FlowAsync(credit, handle);
    }

    public Task FlowAsync(uint credit, uint handle = 1, uint deliveryCount = 0, bool drain = false) => WriteAsync(0, new Flow
    {
        NextIncomingId = 0, IncomingWindow = 2_000_000, NextOutgoingId = 0, OutgoingWindow = 2048,
        Handle = handle, DeliveryCount = deliveryCount, LinkCredit = credit, Drain = drain,
    });

    /// <summary>Sends one message in one frame.</summary>
    public Task TransferAsync(byte[] message, uint handle = 0, uint format = 0) => WriteAsync(0, NextTransfer(handle, format), message);

    public Transfer NextTransfer(uint handle = 0, uint format = 0, bool more = false) => new()
    {
        Handle = handle, DeliveryId = _nextDeliveryId, DeliveryTag = Encoded.BigEndian((int)_nextDeliveryId++), MessageFormat = format, More = more,
    };

    public Task WriteAsync(ushort channel, DescribedList performative, byte[]? payload = null) =>
        WriteAsync(Frame(channel, performative, payload));

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None, TestContext.Current.CancellationToken)..];
    }

    /// <summary>Reads on until a frame of this kind.</summary>
    public async Task<T> ExpectAsync<T>()
        where T : DescribedList => (T)(await ExpectFrameAsync<T>()).Performative!;

    public async Task<RawFrame> ExpectFrameAsync<T>()
        where T : DescribedList
    {
        while (true)
        {
            var frame = await ReadFrameAsync();
            if (frame.Performative is T)
                return frame;
            if (frame.Performative is Close or Detach or End)
                Assert.Fail($"Expected {typeof(T).Name}, got {frame.Performative}");
        }
    }

    /// <summary>A whole delivery, which may come in several frames.</summary>
    public async Task<byte[]> ReceiveAsync()
    {
        var message = new List<byte>();
        while (true)
        {
            var frame = await ExpectFrameAsync<Transfer>();
            message.AddRange(frame.Payload);
            if (!((Transfer)frame.Performative!).More)
                return [.. message];
        }
    }

    public async Task<RawFrame> ReadFrameAsync()
    {
        var size = BinaryPrimitives.ReadInt32BigEndian(await ReadAsync(4));
        var frame = await ReadAsync(size - 4);
        var channel = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(2));
        if (frame.Length == 4)
            return new RawFrame(channel, null, []);
        var performative = Performatives[frame[6]]();
        var buffer = new ByteBuffer(frame, 4, frame.Length - 4, frame.Length - 4);
        performative.Decode(buffer);
        return new RawFrame(channel, performative, frame[buffer.Offset..]);
    }

    /// <summary>Attaches a link on which this peer sends, and does not look at the answer.</summary>
    public Task AskForSenderWithoutReadingAsync(string target, uint handle = 0) => WriteAsync(0, new Attach
    {
        LinkName = $"to-{target}-{handle}", Handle = handle, Role = false, Source = new Source(), Target = new Target { Address = target },
        InitialDeliveryCount = 0,
    });

    public async Task<Detach> ExpectDetachAsync()
    {
        while (true)
        {
            if ((await ReadFrameAsync()).Performative is Detach detach)
                return detach;
        }
    }

    public async Task ExpectAnyEndAsync()
    {
        while ((await ReadFrameAsync()).Performative is not Amqp.Framing.End)
        {
        }
    }

    /// <summary>Asks for the end of the session, which is answered behind all that was to come before.</summary>
    public async Task AssertNothingComesAsync()
    {
        await WriteAsync(0, new End());
        while (true)
        {
            var performative = (await ReadFrameAsync()).Performative;
            Assert.IsNotType<Transfer>(performative);
            if (performative is Amqp.Framing.End)
                return;
        }
    }

    /// <summary>Reads until the endpoint closes the socket, whatever it says before.</summary>
    public async Task ExpectEndAsync()
    {
        try
        {
            while (true)
                await ReadAsync(1);
        }
        catch (Exception closed) when (closed is EndOfStreamException or SocketException)
        {
        }
    }

    /// <summary>The condition with which the endpoint closes the connection; empty when it closes without a word.</summary>
    public async Task<string> ExpectClosedAsync()
    {
        try
        {
            while (true)
            {
                if ((await ReadFrameAsync()).Performative is Close close)
                    return close.Error?.Condition.ToString() ?? "";
            }
        }
        catch (Exception closed) when (closed is EndOfStreamException or SocketException)
        {
            return "";
        }
    }

    public async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Deadline);
        for (var read = 0; read < count;)
        {
            var got = await _socket.ReceiveAsync(bytes.AsMemory(read), SocketFlags.None, deadline.Token);
            if (got == 0)
                throw new EndOfStreamException("The endpoint has closed the connection.");
            read += got;
        }
        return bytes;
    }

    public static byte[] Frame(ushort channel, DescribedList performative, byte[]? payload, byte type = 0)
    {
        var body = new ByteBuffer(256, autoGrow: true);
        performative.Encode(body);
        byte[] frame = [0, 0, 0, 0, 2, type, (byte)(channel >> 8), (byte)channel, .. body.Buffer.AsSpan(body.Offset, body.Length), .. payload ?? []];
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length);
        return frame;
    }

    public void Dispose() => _socket.Dispose();
}
