using System.Net.Security;
using System.Net.Sockets;
using Amqp;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>The library's way to the endpoint: TCP or TLS, read ahead in large pieces, each received frame as <see cref="FrameRewriter"/> makes it.</summary>
internal sealed class HubTransport : IAsyncTransport
{
    private const int ReadAhead = 64 * 1024;

    private readonly Stream _stream;
    private readonly byte[] _ahead = new byte[ReadAhead];
    private readonly byte[] _head = new byte[1024];
    private int _aheadStart;
    private int _aheadEnd;
    private int _headStart;
    private int _headEnd;
    private int _passing;

    private HubTransport(Stream stream) => _stream = stream;

    public static async Task<HubTransport> ConnectAsync(Address address, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, cancellationToken).ConfigureAwait(false);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (address.UseSsl)
            {
                var secure = new SslStream(stream);
                await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = address.Host }, cancellationToken)
                    .ConfigureAwait(false);
                stream = secure;
            }

            return new HubTransport(stream);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void SetConnection(Connection connection)
    {
        // Nothing is to be told to the connection.
    }

    public async Task SendAsync(IList<ByteBuffer> bufferList, int listSize)
    {
        // Many small frames are one write; a large one is not copied for that.
        if (bufferList.Count > 1 && listSize <= ReadAhead)
        {
            var all = new byte[listSize];
            var at = 0;
            foreach (var buffer in bufferList)
            {
                buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).CopyTo(all.AsSpan(at));
                at += buffer.Length;
            }

            await _stream.WriteAsync(all.AsMemory(0, at)).ConfigureAwait(false);
            return;
        }

        foreach (var buffer in bufferList)
            await _stream.WriteAsync(buffer.Buffer.AsMemory(buffer.Offset, buffer.Length)).ConfigureAwait(false);
    }

    public async Task<int> ReceiveAsync(byte[] buffer, int offset, int count)
    {
        while (true)
        {
            if (_headStart < _headEnd)
                return Take(_head, ref _headStart, _headEnd, buffer, offset, count);
            var available = _aheadEnd - _aheadStart;
            if (_passing > 0)
            {
                if (available == 0 && Math.Min(count, _passing) >= ReadAhead / 2)
                {
                    // The bulk of a large event goes straight to where the library wants it.
                    var read = await _stream.ReadAsync(buffer.AsMemory(offset, Math.Min(count, _passing))).ConfigureAwait(false);
                    _passing -= read;
                    return read;
                }

                if (available > 0)
                {
                    var taken = Take(_ahead, ref _aheadStart, _aheadEnd, buffer, offset, Math.Min(count, _passing));
                    _passing -= taken;
                    return taken;
                }
            }
            else if (available >= 4 && TryBeginFrame(_ahead.AsSpan(_aheadStart, available)))
            {
                continue;
            }

            if (!await FillAsync().ConfigureAwait(false))
                return 0;
        }
    }

    public void Send(ByteBuffer buffer) => _stream.Write(buffer.Buffer, buffer.Offset, buffer.Length);

    public int Receive(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("The library reads by ReceiveAsync where it was connected asynchronously.");

    public void Close() => _stream.Dispose();

    private static int Take(byte[] source, ref int start, int end, byte[] buffer, int offset, int count)
    {
        var taken = Math.Min(end - start, count);
        Buffer.BlockCopy(source, start, buffer, offset, taken);
        start += taken;
        return taken;
    }

    private bool TryBeginFrame(ReadOnlySpan<byte> ahead)
    {
        if (FrameRewriter.IsProtocolHeader(ahead))
        {
            _passing = 8;
            return true;
        }

        var size = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(ahead);
        if (size < 8)
        {
            // The library says what is wrong with it.
            _passing = 4;
            return true;
        }

        if (ahead.Length < Math.Min(size, FrameRewriter.HeadMax))
            return false;
        var payload = FrameRewriter.PayloadStart(ahead, size);
        if (payload == size || payload + FrameRewriter.Growth > _head.Length)
        {
            _passing = size;
            return true;
        }

        if (ahead.Length < payload)
            return false;
        _headEnd = FrameRewriter.WriteHead(ahead[..payload], size, _head);
        _headStart = 0;
        _aheadStart += payload;
        _passing = size - payload;
        return true;
    }

    private async ValueTask<bool> FillAsync()
    {
        if (_aheadStart == _aheadEnd)
        {
            _aheadStart = _aheadEnd = 0;
        }
        else if (_aheadEnd == _ahead.Length)
        {
            Buffer.BlockCopy(_ahead, _aheadStart, _ahead, 0, _aheadEnd - _aheadStart);
            _aheadEnd -= _aheadStart;
            _aheadStart = 0;
        }

        var read = await _stream.ReadAsync(_ahead.AsMemory(_aheadEnd)).ConfigureAwait(false);
        _aheadEnd += read;
        return read > 0;
    }
}

/// <summary>Has the library use <see cref="HubTransport"/> for one connection.</summary>
internal sealed class HubTransportProvider : TransportProvider
{
    private readonly CancellationTokenSource _givenUp = new();

    public HubTransportProvider() => AddressSchemes = ["amqp", "amqps"];

    public override async Task<IAsyncTransport> CreateAsync(Address address)
    {
        var transport = await HubTransport.ConnectAsync(address, _givenUp.Token).ConfigureAwait(false);
        _givenUp.Token.UnsafeRegister(static transport => ((HubTransport)transport!).Close(), transport);
        return transport;
    }

    /// <summary>Closes the connection, however far it has come: nobody waits for it any more.</summary>
    public void GiveUp() => _givenUp.Cancel();
}
