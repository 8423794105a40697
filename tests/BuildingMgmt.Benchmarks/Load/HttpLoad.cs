using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace BuildingMgmt.Benchmarks.Load;

/// <summary>What a number of users saw who asked for one address as fast as they were answered.</summary>
internal sealed record HttpLoadResult(long Requests, double RequestsPerSecond, double P50Ms, double P99Ms, long Unexpected);

/// <summary>
/// Keep-alive HTTP/1.1 over plain sockets, one outstanding request a user. A full HTTP client would take most of the two cores
/// that the measured server needs as well. Two threads wait for all answers: with asynchronous sockets half of the p99 at 100
/// users was the time that an answer waited in this process for a thread of the pool.
/// </summary>
internal static class HttpLoad
{
    private const int Threads = 2;

    /// <summary>Gives what all users saw, when the last one has its last answer.</summary>
    /// <exception cref="IOException">The server closed a connection.</exception>
    public static async Task<HttpLoadResult> RunAsync(
        Uri address, string headers, int expectedStatus, int users, TimeSpan duration, CancellationToken cancellationToken)
    {
        var request = Encoding.ASCII.GetBytes($"GET {address.PathAndQuery} HTTP/1.1\r\nHost: {address.Authority}\r\n{headers}\r\n");
        var clock = Stopwatch.StartNew();
        var each = await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(
            () => AskUntilOver(
                address, request, expectedStatus, (users + thread) / Threads, clock, duration, cancellationToken),
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        var elapsed = clock.Elapsed;

        var all = new LatencyHistogram();
        foreach (var (latencies, _) in each)
            all.Merge(latencies);
        return new HttpLoadResult(
            all.Count, all.Count / elapsed.TotalSeconds, all.PercentileMs(0.5), all.PercentileMs(0.99), each.Sum(part => part.Unexpected));
    }

    private static (LatencyHistogram Latencies, long Unexpected) AskUntilOver(
        Uri address, byte[] request, int expectedStatus, int users, Stopwatch clock, TimeSpan duration, CancellationToken cancellationToken)
    {
        var connections = Enumerable.Range(0, users).Select(_ => new LoadConnection(address)).ToDictionary(user => user.Socket);
        var latencies = new LatencyHistogram();
        long unexpected = 0;
        try
        {
            foreach (var connection in connections.Values)
                connection.Send(request, clock.Elapsed);
            var waiting = new HashSet<Socket>(connections.Keys);
            while (waiting.Count > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                foreach (var socket in ReadableOf(waiting))
                {
                    var connection = connections[socket];
                    if (connection.Read() is not { } status)
                        continue;
                    var now = clock.Elapsed;
                    latencies.Add(now - connection.Asked);
                    unexpected += status == expectedStatus ? 0 : 1;
                    if (now < duration)
                        connection.Send(request, now);
                    else
                        waiting.Remove(socket);
                }
            }
        }
        finally
        {
            foreach (var connection in connections.Values)
                connection.Dispose();
        }

        return (latencies, unexpected);
    }

    private static List<Socket> ReadableOf(HashSet<Socket> waiting)
    {
        var readable = new List<Socket>(waiting);
        Socket.Select(readable, null, null, TimeSpan.FromSeconds(1));
        return readable;
    }
}
