using System.Security.Cryptography;
using System.Text;

namespace BuildingMgmt.Database;

/// <summary>Ids made from names, so that what is imported twice is the same building, floor or sensor.</summary>
public static class StableId
{
    /// <summary>
    /// The id of a name such as <c>building/demo/floor/2</c>: a UUID of version 8 (RFC 9562) from its SHA-256. The same name
    /// gives the same id for ever.
    /// </summary>
    public static Guid Create(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes("building-mgmt/" + name), hash);
        var id = hash[..16];
        id[6] = (byte)((id[6] & 0x0F) | 0x80);
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        return new Guid(id, bigEndian: true);
    }
}
