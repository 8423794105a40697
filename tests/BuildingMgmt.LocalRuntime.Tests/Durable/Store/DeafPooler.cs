using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

/// <summary>What a pooler in transaction mode is to one who listens: it takes LISTEN and all else, and hands on no notification.</summary>
internal sealed class DeafPooler : IAsyncDisposable
{
    private const byte NotificationResponse = (byte)'A';

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly int serverPort;
    private readonly Task accepting;
    private int listens;

    public DeafPooler(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        serverPort = builder.Port;
        listener.Start();
        builder.Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        builder.SslMode = SslMode.Disable;
        builder.GssEncryptionMode = GssEncryptionMode.Disable;
        ConnectionString = builder.ConnectionString;
        accepting = AcceptAsync();
    }

    public string ConnectionString { get; }

    /// <summary>How often somebody wanted to listen.</summary>
    public int Listens => Volatile.Read(ref listens);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        await accepting;
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
                open.Add(RelayAsync(await listener.AcceptTcpClientAsync(stopping.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, serverPort, stopping.Token);
                await Task.WhenAny(
                    AskAsync(client.GetStream(), server.GetStream()), AnswerAsync(server.GetStream(), client.GetStream()));
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // One side has gone.
            }
        }
    }

    private async Task AskAsync(NetworkStream client, NetworkStream server)
    {
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await client.ReadAsync(buffer, stopping.Token)) > 0)
        {
            if (Encoding.Latin1.GetString(buffer, 0, read).Contains("LISTEN ", StringComparison.Ordinal))
                Interlocked.Increment(ref listens);
            await server.WriteAsync(buffer.AsMemory(0, read), stopping.Token);
        }
    }

    // A message is its kind, a byte, and its length, four, which counts itself.
    private async Task AnswerAsync(NetworkStream server, NetworkStream client)
    {
        var head = new byte[5];
        while (true)
        {
            await server.ReadExactlyAsync(head, stopping.Token);
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1)) - 4];
            await server.ReadExactlyAsync(body, stopping.Token);
            if (head[0] != NotificationResponse)
                await client.WriteAsync((byte[])[.. head, .. body], stopping.Token);
        }
    }
}
