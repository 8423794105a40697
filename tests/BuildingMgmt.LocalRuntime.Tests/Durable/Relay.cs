using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Tests.Durable;

/// <summary>
/// Stands before a server and hands on what both sides say, until it is told to cut the connection, or to leave it open and hand on nothing more.
/// </summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _over = new();
    private readonly int _serverPort;
    private readonly Predicate<ReadOnlyMemory<byte>> _asked;
    private readonly Predicate<ReadOnlyMemory<byte>> _answered;
    private readonly Task _accepting;
    private long _asksLeft = long.MaxValue;

    /// <param name="asked">Sees what goes to the server; false cuts the connection instead of handing it on.</param>
    /// <param name="answered">As the other, for what comes back.</param>
    /// <param name="port">Where it listens; 0 takes a free one.</param>
    public Relay(int serverPort, Predicate<ReadOnlyMemory<byte>>? asked = null, Predicate<ReadOnlyMemory<byte>>? answered = null, int port = 0)
    {
        _listener = new TcpListener(IPAddress.Loopback, port);
        _serverPort = serverPort;
        _asked = asked ?? (_ => true);
        _answered = answered ?? (_ => true);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    private int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The way through a relay to the server of this connection string, on top of it what the relay can read.</summary>
    public static (Relay Relay, string ConnectionString) Before(
        string connectionString, Predicate<ReadOnlyMemory<byte>>? asked = null, Predicate<ReadOnlyMemory<byte>>? answered = null)
    {
        var way = new NpgsqlConnectionStringBuilder(connectionString) { SslMode = SslMode.Disable, GssEncryptionMode = GssEncryptionMode.Disable };
        var relay = new Relay(way.Port, asked, answered);
        way.Port = relay.Port;
        return (relay, way.ConnectionString);
    }

    /// <summary>Hands on about so many bytes more to the server, and then holds what comes, as if the asker stood still in the middle of it.</summary>
    public void StandStillAfter(long bytes) => Interlocked.Exchange(ref _asksLeft, bytes);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _over.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
                open.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_over.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        using (var cut = CancellationTokenSource.CreateLinkedTokenSource(_over.Token))
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _serverPort, cut.Token);
                Task[] pumps =
                [
                    PumpAsync(client.GetStream(), server.GetStream(), chunk => AskAsync(chunk, cut.Token), cut.Token),
                    PumpAsync(server.GetStream(), client.GetStream(), chunk => Task.FromResult(_answered(chunk)), cut.Token),
                ];
                await Task.WhenAny(pumps);
                await cut.CancelAsync();
                await Task.WhenAll(pumps);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // Cut, by one side or the other.
            }
        }
    }

    private async Task<bool> AskAsync(ReadOnlyMemory<byte> chunk, CancellationToken cut)
    {
        if (Interlocked.Add(ref _asksLeft, -chunk.Length) < 0)
            await Task.Delay(Timeout.Infinite, cut);
        return _asked(chunk);
    }

    private static async Task PumpAsync(
        NetworkStream from, NetworkStream to, Func<ReadOnlyMemory<byte>, Task<bool>> passes, CancellationToken cut)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReadAsync(buffer, cut) is var count and > 0 && await passes(buffer.AsMemory(0, count)))
            await to.WriteAsync(buffer.AsMemory(0, count), cut);
    }
}
