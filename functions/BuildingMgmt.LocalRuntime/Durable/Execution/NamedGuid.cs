using System.Security.Cryptography;
using System.Text;

namespace BuildingMgmt.LocalRuntime.Durable.Execution;

/// <summary>GUIDs made of a text (RFC 9562, version 5): the same text gives the same.</summary>
internal static class NamedGuid
{
    // The real worker's, so that the same orchestration gets the same GUIDs.
    private static readonly byte[] Namespace = new Guid("9e952958-5e33-4daf-827f-2fa12937b875").ToByteArray(bigEndian: true);

    public static Guid Of(string name)
    {
#pragma warning disable CA5350 // Version 5 is SHA-1 by definition, and hides nothing.
        var hash = SHA1.HashData([.. Namespace, .. Encoding.UTF8.GetBytes(name)]).AsSpan(0, 16);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new(hash, bigEndian: true);
    }
}
