using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BuildingMgmt.Benchmarks.Load;

/// <summary>What a number of users saw who asked for one address as fast as they were answered.</summary>
internal sealed record HttpLoadResult(long Requests, double RequestsPerSecond, double P50Ms, double P99Ms, long Unexpected);

/// <summary>
/// Keep-alive HTTP/1.1 over plain sockets, one outstanding request a user. A full HTTP client would take most of the
/// two cores that the measured server needs as well.
/// </summary>
internal static class HttpLoad
{
    public static async Task<HttpLoadResult> RunAsync(
        Uri address, string headers, int expectedStatus, int users, TimeSpan duration, CancellationToken cancellationToken)
    {
        var request = Encoding.ASCII.GetBytes($"GET {address.PathAndQuery} HTTP/1.1\r\nHost: {address.Authority}\r\n{headers}\r\n");
        var clock = Stopwatch.StartNew();
        var each = await Task.WhenAll(Enumerable.Range(0, users).Select(_ => Task.Run(
            () => UserAsync(address, request, expectedStatus, clock, duration, cancellationToken), cancellationToken)));
        var elapsed = clock.Elapsed;

        var all = new LatencyHistogram();
        foreach (var user in each)
            all.Merge(user.Latencies);
        return new HttpLoadResult(
            all.Count, all.Count / elapsed.TotalSeconds, all.PercentileMs(0.5), all.PercentileMs(0.99), each.Sum(user => user.Unexpected));
    }

    private static async Task<(LatencyHistogram Latencies, long Unexpected)> UserAsync(
        Uri address, byte[] request, int expectedStatus, Stopwatch clock, TimeSpan duration, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(address.Host), address.Port), cancellationToken);
        var latencies = new LatencyHistogram();
        var buffer = new byte[128 * 1024];
        long unexpected = 0;
        while (clock.Elapsed < duration)
        {
            var start = clock.Elapsed;
            await socket.SendAsync(request, SocketFlags.None, cancellationToken);
            var status = await ReadResponseAsync(socket, buffer, cancellationToken);
            latencies.Add(clock.Elapsed - start);
            if (status != expectedStatus)
                unexpected++;
        }

        return (latencies, unexpected);
    }

    /// <summary>Reads one whole response and gives its status; the body is counted, not kept.</summary>
    private static async Task<int> ReadResponseAsync(Socket socket, byte[] buffer, CancellationToken cancellationToken)
    {
        var filled = 0;
        int headerEnd;
        while ((headerEnd = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0)
            filled += await ReceiveAsync(socket, buffer.AsMemory(filled), cancellationToken);

        var head = buffer.AsMemory(0, headerEnd);
        var remaining = ContentLength(head.Span) - (filled - headerEnd - 4);
        var status = int.Parse(head.Span.Slice(9, 3), CultureInfo.InvariantCulture);
        while (remaining > 0)
            remaining -= await ReceiveAsync(socket, buffer, cancellationToken);
        return status;
    }

    private static int ContentLength(ReadOnlySpan<byte> head)
    {
        var at = head.IndexOf("Content-Length: "u8);
        if (at < 0)
            return 0;
        var value = head[(at + 16)..];
        var end = value.IndexOf((byte)'\r');
        return int.Parse(end < 0 ? value : value[..end], CultureInfo.InvariantCulture);
    }

    private static async ValueTask<int> ReceiveAsync(Socket socket, Memory<byte> into, CancellationToken cancellationToken)
    {
        var read = await socket.ReceiveAsync(into, SocketFlags.None, cancellationToken);
        return read > 0 ? read : throw new IOException("The server closed a keep-alive connection in the middle of the load.");
    }
}
