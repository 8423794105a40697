using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.Auth;

/// <summary>Tells where requests come from.</summary>
public sealed class ClientAddresses(IOptions<AuthOptions> options)
{
    /// <summary>The address that a request came from, as far as it can be believed; an IPv6 caller's whole /64 counts as one.</summary>
    public string Of(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        var address = http.Connection.RemoteIpAddress ?? IPAddress.None;
        var hops = options.Value.TrustedProxies;
        if (hops > 0)
        {
            // Each proxy appends whom it saw: the last entry is the nearest proxy's, and only as many as there are proxies are true.
            var entries = http.Request.Headers["X-Forwarded-For"].ToString().Split(',', StringSplitOptions.TrimEntries);
            if (entries.Length >= hops && IPEndPoint.TryParse(entries[^hops], out var forwarded))
                address = forwarded.Address;
        }

        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8))
            : address.ToString();
    }
}
