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

    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Given = [];

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

    /// <summary>A free port that this process has not given out before; the first of <paramref name="count"/> free ones in a row.</summary>
    public static int TakeFree(int count = 1)
    {
        lock (Gate)
        {
            while (true)
            {
                var first = Random.Shared.Next(First, Last - count);
                var ports = Enumerable.Range(first, count).ToArray();
                if (ports.Any(Given.Contains) || !ports.All(IsFree))
                    continue;
                Given.UnionWith(ports);
                return first;
            }
        }
    }
}
