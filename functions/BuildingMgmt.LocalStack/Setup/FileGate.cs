namespace BuildingMgmt.LocalStack.Setup;

/// <summary>A lock among processes: the file stays open, and the system lets go of it even when its holder is killed.</summary>
internal static class FileGate
{
    // ERROR_SHARING_VIOLATION; elsewhere it is the errno of flock(2) for a lock that another holds, EWOULDBLOCK.
    private const int SharingViolationOnWindows = unchecked((int)0x80070020);
    private const int WouldBlockOnLinux = 11;
    private const int WouldBlockOnMac = 35;

    private static readonly int HeldByAnother =
        OperatingSystem.IsWindows() ? SharingViolationOnWindows : OperatingSystem.IsMacOS() ? WouldBlockOnMac : WouldBlockOnLinux;

    /// <summary>Enters at once, or returns null when another process is inside.</summary>
    /// <exception cref="IOException">The file cannot be made or opened at all, as on a disk that is full or read-only.</exception>
    public static FileStream? TryEnter(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (error.HResult == HeldByAnother)
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
