using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using Amqp;

namespace BuildingMgmt.EventHubsEndpoint.Transport;

/// <summary>
/// A peer's socket as the library sees it: one whole frame at a time, looked at by <see cref="FrameGuard"/> before, and read only as
/// fast as what it causes can be stored and answered.
/// </summary>
internal sealed class PeerTransport : IAsyncTransport
{
    private const int IdleBufferBytes = 16 * 1024;

    private static readonly Task<int> FrameSizeRead = Task.FromResult(sizeof(int));

    private readonly Peer _peer;
    private readonly Socket _socket;
    private readonly PeerLimits _limits;

    // Received and not yet given to the library: [_start, _end); of it the library may have [_start, _frameEnd), and then goes on at _next.
    private byte[] _buffer;
    private int _start;
    private int _end;
    private int _frameEnd;
    private int _next;
    private bool _drained = true;

    private int _framesWhileSending;
    private volatile TaskCompletionSource? _sending;
    private long _sendingSince;

    public PeerTransport(Peer peer, Socket socket, PeerLimits limits)
    {
        _peer = peer;
        _socket = socket;
        _limits = limits;
        _buffer = ArrayPool<byte>.Shared.Rent(IdleBufferBytes);
        // The handshake has read the header that the library wants to see.
        SaslHandshake.ReadHeader.CopyTo(_buffer);
        _end = _frameEnd = _next = SaslHandshake.HeaderBytes;
    }

    /// <summary>Since when a write has been waiting for the peer; null when none does.</summary>
    public long? SendingSince => _sending is null ? null : Interlocked.Read(ref _sendingSince);

    public void SetConnection(Connection connection) => _peer.SetConnection(connection);

    public Task<int> ReceiveAsync(byte[] buffer, int offset, int count)
    {
        if (_start == _frameEnd)
            return ReceiveNextAsync(buffer, offset, count);
        var taken = Take(buffer, offset, count);
        return taken == sizeof(int) ? FrameSizeRead : Task.FromResult(taken);
    }

    public async Task SendAsync(IList<ByteBuffer> bufferList, int listSize)
    {
        // The caller has more to say, mostly: what it adds while this waits for a thread goes out with the next system call, together.
        await Task.Yield();
        var eventBytes = 0;
        var segments = new ArraySegment<byte>[bufferList.Count];
        for (var i = 0; i < segments.Length; i++)
        {
            var frame = bufferList[i];
            segments[i] = new ArraySegment<byte>(frame.Buffer, frame.Offset, frame.Length);
            eventBytes += TransferPayload.CountBytes(segments[i]);
        }

        var sending = _socket.SendAsync(segments, SocketFlags.None);
        if (!sending.IsCompletedSuccessfully)
        {
            var stuck = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Interlocked.Exchange(ref _sendingSince, _peer.Time.GetTimestamp());
            _sending = stuck;
            try
            {
                await sending.ConfigureAwait(false);
            }
            finally
            {
                _sending = null;
                stuck.SetResult();
            }
        }
        _peer.OnSent(eventBytes);
    }

    public void Close()
    {
        _peer.OnTransportClosed();
        _socket.Dispose();
    }

    // The library's synchronous half: only its client uses it.
    public void Send(ByteBuffer buffer) => throw new NotSupportedException();

    public int Receive(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private async Task<int> ReceiveNextAsync(byte[] buffer, int offset, int count)
    {
        do
        {
            _start = _next;
            // The library has dealt with the frame before: now its flow can be acted on, and what it added to the queues is known.
            _peer.OnFrameHandled();
            await WaitForRoomAsync().ConfigureAwait(false);
            if (!await ReadFrameAsync().ConfigureAwait(false))
                return 0;
        }
        while (_start == _frameEnd);
        return Take(buffer, offset, count);
    }

    private async ValueTask WaitForRoomAsync()
    {
        if (_sending is not { } sending)
            _framesWhileSending = 0;
        else if (++_framesWhileSending > _limits.FramesReadWhileStuckMax)
            await sending.Task.ConfigureAwait(false);
        await _peer.WaitUntilStoredAsync().ConfigureAwait(false);
    }

    /// <returns>False when the peer has closed.</returns>
    private async ValueTask<bool> ReadFrameAsync()
    {
        var needed = sizeof(int);
        while (true)
        {
            var available = _end - _start;
            if (available >= sizeof(int))
            {
                needed = BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_start));
                if (needed < 8 || needed > _limits.FrameBytesMax)
                    throw new AmqpException(ErrorCode.FramingError, $"A frame of {needed} bytes: 8 to {_limits.FrameBytesMax} are taken.");
                if (available >= needed)
                    break;
            }
            if (!await ReadMoreAsync(needed).ConfigureAwait(false))
                return false;
        }

        var visible = _peer.Guard.Inspect(_buffer.AsSpan(_start, needed));
        if (visible > 0 && visible < needed)
            BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(_start), visible);
        _frameEnd = _start + visible;
        _next = _start + needed;
        return true;
    }

    private async ValueTask<bool> ReadMoreAsync(int frameBytes)
    {
        if (_start == _end)
        {
            _start = _end = _frameEnd = _next = 0;
            if (_drained)
            {
                // A peer that is silent costs a small buffer, whatever it has sent before.
                Resize(IdleBufferBytes);
                await _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None).ConfigureAwait(false);
            }
        }
        if (frameBytes > _buffer.Length - _start || _end == _buffer.Length)
            MakeRoom(frameBytes);

        var read = await _socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None).ConfigureAwait(false);
        _drained = read < _buffer.Length - _end;
        _end += read;
        return read > 0;
    }

    private void MakeRoom(int frameBytes)
    {
        var rest = _end - _start;
        if (frameBytes > _buffer.Length)
        {
            Resize(_limits.FrameBytesMax);
        }
        else
        {
            _buffer.AsSpan(_start, rest).CopyTo(_buffer);
        }
        (_start, _end) = (0, rest);
        _frameEnd = _next = 0;
    }

    private void Resize(int bytes)
    {
        if (_buffer.Length >= bytes && _buffer.Length < 2 * bytes)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(bytes);
        _buffer.AsSpan(_start, _end - _start).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    private int Take(byte[] buffer, int offset, int count)
    {
        var taken = Math.Min(count, _frameEnd - _start);
        _buffer.AsSpan(_start, taken).CopyTo(buffer.AsSpan(offset));
        _start += taken;
        return taken;
    }
}
