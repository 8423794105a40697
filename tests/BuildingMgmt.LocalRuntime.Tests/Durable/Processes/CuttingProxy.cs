using System.Net;
using System.Net.Sockets;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Processes;

/// <summary>
/// Stands between an app and its PostgreSQL, and cuts connections when the server has answered and before the answer has arrived: the app
/// cannot know whether its transaction has been committed. (It has, nearly always.)
/// </summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _over = new();
    private readonly Lock _lock = new();
    private readonly Random _random;
    private readonly int _serverPort;
    private readonly Task _accepting;
    private int _left;

    /// <param name="cuts">As many connections are cut; then it lets all pass.</param>
    /// <param name="port">Where it listens; 0 takes a free one.</param>
    public CuttingProxy(int serverPort, int cuts, int seed, int port = 0)
    {
        _listener = new TcpListener(IPAddress.Loopback, port);
        _serverPort = serverPort;
        _left = cuts;
        _random = new Random(seed);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Cuts that have not been made yet.</summary>
    public int Left => Volatile.Read(ref _left);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _over.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptSocketAsync(_over.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Over.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using (client)
        {
            using var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _serverPort, _over.Token);
                await Task.WhenAny(PumpAsync(client, server, answers: false), PumpAsync(server, client, answers: true));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // The one side has gone, so the other goes.
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to, bool answers)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _over.Token) is var count and > 0)
            {
                if (answers && Cuts())
                    return;
                await to.SendAsync(buffer.AsMemory(0, count), _over.Token);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Gone.
        }
    }

    private bool Cuts()
    {
        lock (_lock)
        {
            // Often, so that all cuts are made however many commits go together and share an answer.
            if (_left == 0 || _random.Next(10) != 0)
                return false;
            _left--;
            return true;
        }
    }
}
