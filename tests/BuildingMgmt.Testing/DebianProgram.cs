using BuildingMgmt.LocalStack.Processes;
using Xunit;

namespace BuildingMgmt.Testing;

/// <summary>A program that tests need, and that a package of Debian brings.</summary>
/// <param name="Package">Name of the package.</param>
/// <param name="Need">What needs it, for messages: "Tests of pages".</param>
/// <param name="Size">Of what is downloaded, for the message.</param>
/// <param name="Names">What the program is called, in PATH or with its folder.</param>
internal sealed record DebianProgram(string Package, string Need, string Size, params string[] Names)
{
    // apt works for one at a time.
    private static readonly SemaphoreSlim Gate = new(1);

    /// <summary>Path of the program. Installs the package when there is none and this process is root.</summary>
    /// <exception cref="InvalidOperationException">There is none and it cannot be installed; names the package.</exception>
    public async Task<string> FindOrInstallAsync(CancellationToken cancellationToken)
    {
        await Gate.WaitAsync(cancellationToken);
        try
        {
            if (Find() is { } path)
                return path;
            if (Executables.Find("apt-get") is not { } aptGet || !Environment.IsPrivilegedProcess)
                throw new InvalidOperationException($"{Need} need {Names[0]}, and there is none here. Install it: sudo apt-get install {Package}");
            // Shown while the tests run: xunit.runner.json turns diagnostic messages on.
            TestContext.Current.SendDiagnosticMessage($"{Need} need Debian's package \"{Package}\", which is being installed ({Size}).");
            await RunAsync(aptGet, ["update", "--quiet=2"], cancellationToken);
            await RunAsync(aptGet, ["install", "--yes", "--quiet=2", "--no-install-recommends", Package], cancellationToken);
            return Find()
                ?? throw new InvalidOperationException($"The package \"{Package}\" is installed, and yet there is no {Names[0]} in PATH.");
        }
        finally
        {
            Gate.Release();
        }
    }

    private string? Find() => Names.Select(Executables.Find).FirstOrDefault(path => path is not null);

    private async Task RunAsync(string aptGet, string[] arguments, CancellationToken cancellationToken)
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
                $"{Need} need Debian's package \"{Package}\", and it cannot be installed. apt-get said last:\n{process.LastLines}");
    }
}
