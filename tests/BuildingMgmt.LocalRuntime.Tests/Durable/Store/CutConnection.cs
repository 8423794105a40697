using System.Net;
using System.Net.Sockets;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

/// <summary>
/// A way to the server that hands on what is asked and, from a moment on, cuts the connection instead of handing back the answer. So the
/// server has done it, and the asker does not know.
/// </summary>
internal sealed class CutConnection : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly int serverPort;
    private readonly Task accepting;
    private volatile bool answersAreLost;

    private CutConnection(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        serverPort = builder.Port;
        listener.Start();
        builder.Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        builder.SslMode = SslMode.Disable;
        builder.MaxPoolSize = 2;
        // A reset would travel ahead of what is asked, and its answer would cut the connection before that has arrived.
        builder.NoResetOnClose = true;
        Source = NpgsqlDataSource.Create(builder.ConnectionString);
        accepting = AcceptAsync();
    }

    public NpgsqlDataSource Source { get; }

    /// <summary>With a connection open, so that the next call is only the call.</summary>
    public static async Task<CutConnection> ToAsync(string connectionString)
    {
        var cut = new CutConnection(connectionString);
        await using var command = cut.Source.CreateCommand("SELECT 1");
        await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
        return cut;
    }

    public void AnswersAreLost() => answersAreLost = true;

    /// <summary>What was asked is done by the server even though nobody listens.</summary>
    public Task UntilStoredAsync(Func<Task<bool>> isStored)
    {
        answersAreLost = false;
        return Eventually.TrueAsync(isStored, TimeSpan.FromSeconds(20), "the server has done what it was asked", TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
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
                var asking = client.GetStream().CopyToAsync(server.GetStream(), stopping.Token);
                await Task.WhenAny(asking, AnswerAsync(server.GetStream(), client.GetStream()));
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // Cut, by one side or the other.
            }
        }
    }

    private async Task AnswerAsync(NetworkStream server, NetworkStream client)
    {
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await server.ReadAsync(buffer, stopping.Token)) > 0 && !answersAreLost)
            await client.WriteAsync(buffer.AsMemory(0, read), stopping.Token);
    }
}
