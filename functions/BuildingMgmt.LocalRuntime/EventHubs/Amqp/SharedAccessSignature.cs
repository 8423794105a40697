using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>Makes SAS tokens.</summary>
internal static class SharedAccessSignature
{
    /// <summary>A token for <paramref name="audience"/> and all below it, until <paramref name="expires"/>.</summary>
    public static string Create(string audience, string keyName, string key, DateTimeOffset expires)
    {
        var resource = WebUtility.UrlEncode(audience);
        var expiry = expires.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var hash = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"{resource}\n{expiry}"));
        return $"SharedAccessSignature sr={resource}&sig={WebUtility.UrlEncode(Convert.ToBase64String(hash))}"
            + $"&se={expiry}&skn={WebUtility.UrlEncode(keyName)}";
    }
}
