using BuildingMgmt.LocalStack.Processes;
using Xunit;

namespace BuildingMgmt.Testing;

/// <summary>The browser for tests of pages. Playwright drives it by its path; its own download is not used.</summary>
public static class Chromium
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    private static readonly SemaphoreSlim Gate = new(1);

    /// <summary>Path of the browser. Installs Debian's package <c>chromium</c> when there is none and this process is root.</summary>
    /// <exception cref="InvalidOperationException">There is none and it cannot be installed; names the package.</exception>
    public static async Task<string> FindOrInstallAsync(CancellationToken cancellationToken = default)
    {
        await Gate.WaitAsync(cancellationToken);
        try
        {
            if (Find() is { } path)
                return path;
            if (Executables.Find("apt-get") is not { } aptGet || !Environment.IsPrivilegedProcess)
                throw new InvalidOperationException(
                    "Tests of pages need Chromium, and none is in PATH. Install it: sudo apt-get install chromium");
            // Shown while the tests run: xunit.runner.json turns diagnostic messages on.
            TestContext.Current.SendDiagnosticMessage("Installing Debian's package \"chromium\" for the tests of pages (about 300 MB).");
            await RunAsync(aptGet, ["update", "--quiet=2"], cancellationToken);
            await RunAsync(aptGet, ["install", "--yes", "--quiet=2", "--no-install-recommends", "chromium"], cancellationToken);
            return Find()
                ?? throw new InvalidOperationException("The package \"chromium\" is installed, and yet there is no chromium in PATH.");
        }
        finally
        {
            Gate.Release();
        }
    }

    private static string? Find() => Names.Select(Executables.Find).FirstOrDefault(path => path is not null);

    private static async Task RunAsync(string aptGet, string[] arguments, CancellationToken cancellationToken)
    {
        await using var process = ServiceProcess.Start(new()
        {
            Name = $"apt-get {arguments[0]}",
            FileName = aptGet,
            Arguments = arguments,
            Environment = new Dictionary<string, string> { ["DEBIAN_FRONTEND"] = "noninteractive" },
        });
        if (await process.Exited.WaitAsync(cancellationToken) is not 0)
            throw new InvalidOperationException(
                $"Tests of pages need Debian's package \"chromium\", and it cannot be installed. apt-get said last:\n{process.LastLines}");
    }
}
