namespace BuildingMgmt.LocalStack.Setup;

/// <summary>A lock among processes: the file stays open, and the system lets go of it even when its holder is killed.</summary>
internal static class FileGate
{
    /// <summary>Enters at once, or returns null when another process is inside.</summary>
    public static FileStream? TryEnter(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (error is not (DirectoryNotFoundException or PathTooLongException))
        {
            return null;
        }
    }

    /// <summary>Waits until it can enter.</summary>
    public static async Task<FileStream> EnterAsync(string path, CancellationToken cancellationToken)
    {
        FileStream? gate;
        while ((gate = TryEnter(path)) is null)
            await Task.Delay(200, cancellationToken);
        return gate;
    }
}
