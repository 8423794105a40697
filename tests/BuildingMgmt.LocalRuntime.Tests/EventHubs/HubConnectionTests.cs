using System.Net;
using System.Net.Sockets;
using Azure.Messaging.EventHubs;
using BuildingMgmt.LocalRuntime.EventHubs;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.LocalRuntime.Tests.EventHubs;

/// <summary>A host that takes the connection and then says nothing.</summary>
public sealed class HubConnectionTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly TcpListener _silent = new(IPAddress.Loopback, 0);
    private readonly FakeTimeProvider _time = new();
    private readonly HubAddress _address;

    public HubConnectionTests()
    {
        _silent.Start();
        var port = ((IPEndPoint)_silent.LocalEndpoint).Port;
        _address = HubAddress.Parse($"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=k;SharedAccessKey=a2V5;UseDevelopmentEmulator=true;", "hub");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _silent.Dispose();

    [Fact]
    public async Task Connection_that_does_not_open_in_time_is_closed()
    {
        var opening = HubConnection.OpenAsync(_address, _time, Token);
        using var accepted = await _silent.AcceptSocketAsync(Token);

        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(opening.IsCompleted);
            },
            Deadline,
            "the opening is given up",
            Token);

        var error = await Assert.ThrowsAsync<EventHubsException>(() => opening);
        Assert.Equal(EventHubsException.FailureReason.ServiceTimeout, error.Reason);
        await AssertClosedAsync(accepted);
    }

    [Fact]
    public async Task Connection_whose_opener_was_told_to_stop_is_closed()
    {
        using var stop = new CancellationTokenSource();
        var opening = HubConnection.OpenAsync(_address, _time, stop.Token);
        using var accepted = await _silent.AcceptSocketAsync(Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
        await AssertClosedAsync(accepted);
    }

    private static async Task AssertClosedAsync(Socket accepted)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Token);
        deadline.CancelAfter(Deadline);
        try
        {
            // What it said before it was given up, then the end.
            while (await accepted.ReceiveAsync(new byte[1024], deadline.Token) > 0)
            {
            }
        }
        catch (SocketException reset)
        {
            Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
        }
    }
}
