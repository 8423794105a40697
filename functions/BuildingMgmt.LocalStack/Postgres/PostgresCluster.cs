using System.Globalization;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;

namespace BuildingMgmt.LocalStack.Postgres;

/// <summary>The server's folder: made whole or not at all, and owned by the user as whom the server runs.</summary>
internal static class PostgresCluster
{
    private const string Major = "18";

    public static async Task PrepareAsync(
        PostgresOptions options, string binaries, UnprivilegedLaunch launch, CancellationToken cancellationToken)
    {
        var folder = options.DataFolder;
        var version = Path.Combine(folder, "PG_VERSION");
        if (!File.Exists(version))
            await CreateAsync(options, binaries, launch, cancellationToken);
        else if ((await File.ReadAllTextAsync(version, cancellationToken)).Trim() is var found && found != Major)
            throw new ServiceFailedException(
                $"\"{folder}\" was made by PostgreSQL {found}; this is PostgreSQL {Major}. Upgrade it, or start on a new folder.");
        else
            await ChangeOwnerAsync(folder, launch, cancellationToken);
    }

    // Made under another name and renamed at the end, so that a start which was cut short leaves no half cluster behind.
    private static async Task CreateAsync(
        PostgresOptions options, string binaries, UnprivilegedLaunch launch, CancellationToken cancellationToken)
    {
        var next = options.DataFolder + ".next";
        if (Directory.Exists(next))
            Directory.Delete(next, recursive: true);
        PrivateFiles.CreateFolder(Path.GetDirectoryName(options.DataFolder)!);
        PrivateFiles.CreateFolder(next);
        await ChangeOwnerAsync(next, launch, cancellationToken);
        // initdb reads the password from a file or a terminal only. It lies in the private folder above, for this moment.
        var passwordPath = next + ".password";
        PrivateFiles.Write(passwordPath, options.AdministratorPassword);
        try
        {
            await InitializeAsync(options, binaries, next, passwordPath, launch, cancellationToken);
        }
        finally
        {
            File.Delete(passwordPath);
        }

        Directory.Move(next, options.DataFolder);
    }

    private static async Task InitializeAsync(
        PostgresOptions options, string binaries, string folder, string passwordPath, UnprivilegedLaunch launch,
        CancellationToken cancellationToken)
    {
        // The builtin C.UTF-8 sorts by code point everywhere, whatever locales the machine has.
        var (fileName, arguments) = launch.Wrap(
            Path.Combine(binaries, "initdb"),
            [
                "-D", folder, "-U", "postgres", $"--pwfile={passwordPath}", "--auth=scram-sha-256", "--encoding=UTF8",
                "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            ]);
        await using var initdb = ServiceProcess.Start(new()
        {
            Name = "initdb",
            FileName = fileName,
            Arguments = arguments,
            LogPath = options.LogPath,
            Ledger = options.Ledger,
        });
        if (await initdb.Exited.WaitAsync(cancellationToken) is not 0 and var exitCode)
            throw initdb.Ended(exitCode);
    }

    // The same data may be started as root today and in another way tomorrow. Nothing to do when the owner is right already.
    private static async Task ChangeOwnerAsync(string folder, UnprivilegedLaunch launch, CancellationToken cancellationToken)
    {
        if (launch.OwnerId is not { } owner)
            return;
        var id = owner.ToString(CultureInfo.InvariantCulture);
        await using var chown = ServiceProcess.Start(new()
        {
            Name = "chown",
            FileName = "chown",
            Arguments = ["-R", $"{id}:{id}", folder],
        });
        if (await chown.Exited.WaitAsync(cancellationToken) is not 0 and var exitCode)
            throw chown.Ended(exitCode);
    }
}
