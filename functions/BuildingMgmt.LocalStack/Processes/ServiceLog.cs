using System.Globalization;
using System.Text;
using BuildingMgmt.LocalStack.Setup;

namespace BuildingMgmt.LocalStack.Processes;

/// <summary>
/// What a service prints: into a file that is kept small, and its last lines for the message when the service dies. Lines that the
/// file cannot take, as on a full disk, are lost to it; their number is written down as soon as it takes lines again.
/// </summary>
internal sealed class ServiceLog : IDisposable
{
    private const int LinesKept = 20;
    private const long FileBytesMax = 16 * 1024 * 1024;

    private readonly string? path;
    private readonly Lock gate = new();
    private readonly Queue<string> last = new();
    private FileStream? file;
    private long lost;
    private bool disposed;

    /// <param name="path">The log file; the one of the start before is kept as <c>.1</c>. Null keeps no file.</param>
    public ServiceLog(string? path)
    {
        this.path = path;
        Rotate();
    }

    public string LastLines
    {
        get
        {
            lock (gate)
                return string.Join('\n', last);
        }
    }

    public void Write(string line)
    {
        lock (gate)
        {
            if (last.Count == LinesKept)
                last.Dequeue();
            last.Enqueue(line);
            if (path is null || disposed)
                return;
            try
            {
                WriteToFile(line);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Nothing is thrown: were the reading of a service's output to end, the service would stop at its next word.
                lost++;
            }
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            file?.Dispose();
            file = null;
        }
    }

    private void WriteToFile(string line)
    {
        if (file is null || file.Length > FileBytesMax)
            Rotate();
        // One write for both: where the disk has room for the notice alone, there is none for the line. Without a buffer: what a
        // failed write left in one would come out later, in the middle of another line.
        if (lost > 0)
            file!.SetLength(file.Position); // Without the beginning of a line that was cut short.
        file!.Write(Encoding.UTF8.GetBytes($"{Notice()}{line}\n"));
        lost = 0;
    }

    private string Notice() => lost == 0
        ? ""
        : $"({lost.ToString(CultureInfo.InvariantCulture)} lines lost: this file could not be written, as when the disk is full)\n";

    private void Rotate()
    {
        if (path is null)
            return;
        PrivateFiles.CreateFolder(Path.GetDirectoryName(path)!);
        if (File.Exists(path))
            File.Move(path, path + ".1", overwrite: true);
        file?.Dispose();
        file = null;
        file = new(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
    }
}
