namespace BuildingMgmt.LocalStack.Setup;

/// <summary>Files and folders that only their owner may read: passwords and keys lie in them. Compiled into the simulator as well.</summary>
internal static class PrivateFiles
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerFile | UnixFileMode.UserExecute;

    /// <summary>Writes the whole file or leaves the old one; mode 0600 from its first byte.</summary>
    public static void Write(string path, string content)
    {
        var next = path + ".next";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerFile;
        File.Delete(next);
        using (var writer = new StreamWriter(next, options))
            writer.Write(content);
        File.Move(next, path, overwrite: true);
    }

    /// <summary>Makes the folder with mode 0700. One that is there stays as it is: who may enter it was decided by whoever made it.</summary>
    public static void CreateFolder(string path)
    {
        if (Directory.Exists(path))
            return;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, OwnerFolder);
        if (File.GetUnixFileMode(path) != OwnerFolder)
            File.SetUnixFileMode(path, OwnerFolder);
    }
}
