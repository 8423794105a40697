using System.IO.Compression;
using System.Text;

namespace BuildingMgmt.Functions.Tests.Ingest;

/// <summary>Packs events.</summary>
internal static class Packed
{
    public static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }
}
