using System.Diagnostics;
using BuildingMgmt.LocalStack.Setup;

namespace BuildingMgmt.Testing;

/// <summary>Runs a JavaScript program with this repository's npm packages.</summary>
public static class NodeScript
{
    /// <summary>Runs the script to its end and returns what it printed.</summary>
    /// <param name="path">The script; it finds packages in the repository's <c>node_modules</c> wherever it lies.</param>
    /// <exception cref="InvalidOperationException">Its exit code is not 0; says all that it printed.</exception>
    public static async Task<string> RunAsync(
        string path,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null,
        CancellationToken cancellationToken = default)
    {
        await NodePackages.EnsureAsync(progress: null, cancellationToken);
        var start = new ProcessStartInfo(await NodePackages.FindNodeAsync(cancellationToken), [path, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // NODE_PATH serves require(); a script that uses import must lie below the repository.
        start.Environment["NODE_PATH"] = NodePackages.Folder;
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException(
                $"\"{path}\" ended with exit code {process.ExitCode}.\n{await output}\n{await errors}");
    }
}
