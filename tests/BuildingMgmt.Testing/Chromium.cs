namespace BuildingMgmt.Testing;

/// <summary>The browser for tests of pages. Playwright drives it by its path; its own download is not used.</summary>
public static class Chromium
{
    private static readonly DebianProgram Program = new(
        "chromium", "Tests of pages", "about 300 MB", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable");

    /// <summary>Path of the browser. Installs Debian's package <c>chromium</c> when there is none and this process is root.</summary>
    /// <exception cref="InvalidOperationException">There is none and it cannot be installed; names the package.</exception>
    public static Task<string> FindOrInstallAsync(CancellationToken cancellationToken = default) => Program.FindOrInstallAsync(cancellationToken);
}
