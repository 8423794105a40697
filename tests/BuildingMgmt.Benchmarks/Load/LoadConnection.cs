using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace BuildingMgmt.Benchmarks.Load;

/// <summary>One user's keep-alive connection. Answers are read as they come; bodies are counted, not kept.</summary>
internal sealed class LoadConnection : IDisposable
{
    private readonly byte[] buffer = new byte[128 * 1024];
    private int filled;
    private int remaining;
    private int status;

    /// <summary>Connects.</summary>
    public LoadConnection(Uri address)
    {
        Socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Socket.Connect(new IPEndPoint(IPAddress.Parse(address.Host), address.Port));
    }

    /// <summary>To wait for.</summary>
    public Socket Socket { get; }

    /// <summary>When the request was sent whose answer is awaited.</summary>
    public TimeSpan Asked { get; private set; }

    /// <summary>Sends a request. The answer to the one before must have come.</summary>
    public void Send(byte[] request, TimeSpan now)
    {
        (Asked, filled, remaining, status) = (now, 0, 0, 0);
        Socket.Send(request);
    }

    /// <summary>Reads what is there. Call when the socket is readable.</summary>
    /// <returns>The status when the answer is whole, or null.</returns>
    /// <exception cref="IOException">The server closed the connection.</exception>
    public int? Read()
    {
        if (status > 0)
        {
            remaining -= Receive(buffer);
            return remaining > 0 ? null : status;
        }

        filled += Receive(buffer.AsSpan(filled));
        var headerEnd = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8);
        if (headerEnd < 0)
            return null;
        var head = buffer.AsSpan(0, headerEnd);
        status = int.Parse(head.Slice(9, 3), CultureInfo.InvariantCulture);
        remaining = ContentLength(head) - (filled - headerEnd - 4);
        return remaining > 0 ? null : status;
    }

    /// <inheritdoc/>
    public void Dispose() => Socket.Dispose();

    private static int ContentLength(ReadOnlySpan<byte> head)
    {
        var at = head.IndexOf("Content-Length: "u8);
        if (at < 0)
            return 0;
        var value = head[(at + 16)..];
        var end = value.IndexOf((byte)'\r');
        return int.Parse(end < 0 ? value : value[..end], CultureInfo.InvariantCulture);
    }

    private int Receive(Span<byte> into)
    {
        var read = Socket.Receive(into);
        return read > 0 ? read : throw new IOException("The server closed a keep-alive connection in the middle of the load.");
    }
}
