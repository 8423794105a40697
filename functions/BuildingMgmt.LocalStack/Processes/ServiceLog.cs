namespace BuildingMgmt.LocalStack.Processes;

/// <summary>
/// What a service prints: into a file that is kept small, and its last lines for the message when the service dies.
/// </summary>
internal sealed class ServiceLog : IDisposable
{
    private const int LinesKept = 20;
    private const long FileBytesMax = 16 * 1024 * 1024;

    private readonly string? path;
    private readonly Lock gate = new();
    private readonly Queue<string> last = new();
    private StreamWriter? writer;

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
            if (writer is null)
                return;
            writer.WriteLine(line);
            if (writer.BaseStream.Length > FileBytesMax)
                Rotate();
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            writer?.Dispose();
            writer = null;
        }
    }

    private void Rotate()
    {
        if (path is null)
            return;
        writer?.Dispose();
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (File.Exists(path))
            File.Move(path, path + ".1", overwrite: true);
        writer = new(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            AutoFlush = true,
        };
    }
}
