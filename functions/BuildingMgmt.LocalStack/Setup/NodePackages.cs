using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using BuildingMgmt.LocalStack.Processes;

namespace BuildingMgmt.LocalStack.Setup;

/// <summary>The npm packages which the local services run from: PostgreSQL's binaries, Azurite, the Event Hubs client.</summary>
public static class NodePackages
{
    private const int NodeMajorMin = 20;
    private const string InstallHint = "Install Node.js 20 or newer (it comes with npm): https://nodejs.org/en/download";

    public static string Folder { get; } = Path.Combine(Repository.Root, "node_modules");

    /// <summary>Path of the <c>node</c> program.</summary>
    /// <exception cref="ServiceFailedException">Node.js is missing or older than 20.</exception>
    public static async Task<string> FindNodeAsync(CancellationToken cancellationToken)
    {
        var node = Executables.Find("node") ?? throw new ServiceFailedException($"Node.js is not in PATH. {InstallHint}");
        var version = (await OutputOfAsync(node, ["--version"], cancellationToken)).Trim();
        return int.TryParse(version.TrimStart('v').Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            && major >= NodeMajorMin
            ? node
            : throw new ServiceFailedException($"\"{node}\" is Node.js {version}. {InstallHint}");
    }

    /// <summary>Installs the packages when they are missing or older than the lock file. Safe to call from many processes.</summary>
    /// <param name="progress">Told the share that is done, 0 to 1, while packages are installed.</param>
    /// <exception cref="ServiceFailedException">Node.js or npm is missing, or npm failed; says npm's last lines.</exception>
    public static async Task EnsureAsync(IProgress<double>? progress, CancellationToken cancellationToken)
    {
        if (!AreMissing())
            return;
        _ = await FindNodeAsync(cancellationToken);
        var npm = Executables.Find("npm") ?? throw new ServiceFailedException($"npm is not in PATH. {InstallHint}");
        using (await FileGate.EnterAsync(Path.Combine(Repository.Root, ".local", "npm-ci.lock"), cancellationToken))
        {
            // Another process may have installed them while this one waited.
            if (AreMissing())
                await InstallAsync(npm, progress, cancellationToken);
        }
    }

    /// <summary>True when an install is due.</summary>
    public static bool AreMissing()
    {
        // npm writes this file last, so it stands for an install that went to its end.
        var installed = new FileInfo(Path.Combine(Folder, ".package-lock.json"));
        return !installed.Exists
            || installed.LastWriteTimeUtc < File.GetLastWriteTimeUtc(Path.Combine(Repository.Root, "package-lock.json"));
    }

    private static async Task InstallAsync(string npm, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var npmCi = ServiceProcess.Start(new()
        {
            Name = "npm ci",
            FileName = npm,
            Arguments = ["ci", "--no-audit", "--no-fund", "--no-progress"],
            WorkingFolder = Repository.Root,
        });
        await using (npmCi)
        {
            var expected = await CountExpectedAsync(cancellationToken);
            while (!npmCi.Exited.IsCompleted)
            {
                progress?.Report(Math.Min(0.99, (double)CountInstalled() / expected));
                await Task.WhenAny(npmCi.Exited, Task.Delay(500, cancellationToken));
                cancellationToken.ThrowIfCancellationRequested();
            }

            if (await npmCi.Exited is not 0 and var exitCode)
                throw new ServiceFailedException(
                    $"\"npm ci\" in \"{Repository.Root}\" failed with exit code {exitCode}. It said last:\n{npmCi.LastLines}");
        }

        progress?.Report(1);
    }

    // The lock file lists packages for other platforms as well; those are a handful, and the display stops at 99 %.
    private static async Task<int> CountExpectedAsync(CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(Path.Combine(Repository.Root, "package-lock.json"));
        using var content = await JsonDocument.ParseAsync(file, cancellationToken: cancellationToken);
        return content.RootElement.GetProperty("packages").EnumerateObject().Count();
    }

    private static int CountInstalled()
    {
        if (!Directory.Exists(Folder))
            return 0;
        try
        {
            return Directory.EnumerateDirectories(Folder)
                .Sum(path => Path.GetFileName(path).StartsWith('@') ? Directory.EnumerateDirectories(path).Count() : 1);
        }
        catch (DirectoryNotFoundException)
        {
            // npm moves folders while it works; this is only a display.
            return 0;
        }
    }

    private static async Task<string> OutputOfAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return output;
    }
}
