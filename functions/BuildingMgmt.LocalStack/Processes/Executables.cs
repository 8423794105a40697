using System.Runtime.InteropServices;

namespace BuildingMgmt.LocalStack.Processes;

/// <summary>Where programs lie that are run by name.</summary>
public static class Executables
{
    /// <summary>The <c>dotnet</c> host that runs this very process, so that children run on the same .NET.</summary>
    public static string Dotnet { get; } = FindDotnet();

    /// <summary>The first file of that name in PATH that may be executed, or null. A full path is that file or null.</summary>
    public static string? Find(string name)
    {
        if (Path.IsPathRooted(name))
            return IsExecutable(name) ? name : null;
        if (OperatingSystem.IsWindows())
            return FindInPath(name + ".exe") ?? FindInPath(name + ".cmd");
        return FindInPath(name);
    }

    private static string? FindInPath(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(IsExecutable);

    private static bool IsExecutable(string path) =>
        File.Exists(path) && (OperatingSystem.IsWindows()
            || (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0);

    // …/shared/Microsoft.NETCore.App/10.0.x/ is the runtime in use; its host lies three folders above.
    private static string FindDotnet()
    {
        var host = Path.GetFullPath(Path.Combine(
            RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        return File.Exists(host) ? host : "dotnet";
    }
}
