using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace BuildingMgmt.LocalStack.Setup;

/// <summary>TCP ports of the loopback address.</summary>
public static class Ports
{
    // Below the range from which systems take ports for outgoing connections (32768 on Linux, 49152 elsewhere), so that a
    // port which is free now is not gone a moment later.
    private const int First = 20_000;
    private const int Last = 32_000;

    // A taken port is claimed by the UDP socket of its number for as long as this process lives: seconds pass before its service listens, and
    // another process that looks for a port meanwhile would find it free. No service of the stack speaks UDP.
    private static readonly ConcurrentDictionary<int, Socket> Claims = [];

    /// <summary>True when a server can listen on the port of 127.0.0.1.</summary>
    public static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>A free port that no process has taken before, as long as it lives; the first of <paramref name="count"/> in a row.</summary>
    public static int TakeFree(int count = 1)
    {
        while (true)
        {
            var first = Random.Shared.Next(First, Last - count);
            if (!Enumerable.Range(first, count).Any(Claims.ContainsKey) && TryTake(first, count))
                return first;
        }
    }

    /// <summary>Takes these ports again, if all of them are free and no other process has taken one.</summary>
    public static bool TryTake(int first, int count) =>
        Enumerable.Range(first, count).All(port => (Claims.ContainsKey(port) || TryClaim(port)) && IsFree(port));

    private static bool TryClaim(int port)
    {
        var claim = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            claim.Bind(new IPEndPoint(IPAddress.Loopback, port));
        }
        catch (SocketException)
        {
            claim.Dispose();
            return false;
        }
        if (Claims.TryAdd(port, claim))
            return true;
        claim.Dispose();
        return false;
    }
}
