using System.Buffers.Binary;
using System.IO.Compression;

namespace BuildingMgmt.Simulator.Replay;

/// <summary>
/// Reads a gzip file and fails where it is cut off: <see cref="GZipStream"/> takes the end of a half-loaded file for the
/// end of the data, and the last value of a data set may then lack a digit.
/// </summary>
internal sealed class WholeGzipStream : Stream
{
    // Header and trailer of RFC 1952; the trailer's last four bytes are the length of the data, modulo 2^32.
    private const int FileBytesMin = 18;

    private readonly GZipStream _data;
    private readonly uint _length;
    private uint _read;

    /// <param name="file">Can seek; closed by this stream.</param>
    /// <exception cref="InvalidDataException">The file is too short to be gzip.</exception>
    public WholeGzipStream(FileStream file)
    {
        _data = new GZipStream(file, CompressionMode.Decompress);
        if (file.Length < FileBytesMin)
        {
            _data.Dispose();
            throw new InvalidDataException("The file is too short to be gzip.");
        }

        Span<byte> trailer = stackalloc byte[4];
        file.Seek(-trailer.Length, SeekOrigin.End);
        file.ReadExactly(trailer);
        file.Seek(0, SeekOrigin.Begin);
        _length = BinaryPrimitives.ReadUInt32LittleEndian(trailer);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="InvalidDataException">The data is damaged, or ends before the file says.</exception>
    public override int Read(Span<byte> buffer)
    {
        var count = _data.Read(buffer);
        _read = unchecked(_read + (uint)count);
        return count > 0 || buffer.IsEmpty || _read == _length
            ? count
            : throw new InvalidDataException(
                "The file is cut off, or consists of several gzip parts. Fetch it again, or compress it again as one.");
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _data.Dispose();
        base.Dispose(disposing);
    }
}
