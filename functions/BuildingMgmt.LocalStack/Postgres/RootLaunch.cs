using System.Diagnostics;
using System.Globalization;
using BuildingMgmt.LocalStack.Processes;

namespace BuildingMgmt.LocalStack.Postgres;

/// <summary>PostgreSQL refuses to run as root. These are the ways in which root starts it all the same.</summary>
public enum RootLaunch
{
    /// <summary>The first of the others that this system allows.</summary>
    Any,

    /// <summary>
    /// <c>unshare --user</c>: within its own user namespace the server sees itself as another user, and outside it has root's
    /// files but none of root's powers. Folders that only root may enter are no obstacle, and every file stays root's.
    /// </summary>
    UserNamespace,

    /// <summary>
    /// <c>setpriv</c>: the server is another user, which owns the data, and keeps one power of root: to read what only root may read, which
    /// is how it passes folders that only root may enter. It may not write there. For containers, which usually forbid user namespaces.
    /// </summary>
    OtherUser,
}

/// <summary>Wraps a command so that it runs as an unprivileged user when this process is root, and leaves it as it is otherwise.</summary>
internal sealed class UnprivilegedLaunch
{
    private readonly string[] prefix;

    private UnprivilegedLaunch(string[] prefix, int? ownerId)
    {
        this.prefix = prefix;
        OwnerId = ownerId;
    }

    /// <summary>Who must own the data; null leaves it with the user who runs this process.</summary>
    public int? OwnerId { get; }

    /// <exception cref="ServiceFailedException">This process is root and the system offers no way to run as another user.</exception>
    public static async Task<UnprivilegedLaunch> ChooseAsync(RootLaunch wanted, CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess || OperatingSystem.IsWindows())
            return new([], null);
        var userId = UnprivilegedUserId();
        foreach (var launch in new[] { UserNamespace(userId), OtherUser(userId) })
        {
            var chosen = wanted == RootLaunch.Any || (wanted == RootLaunch.OtherUser) == launch.OwnerId > 0;
            if (chosen && await launch.WorksAsync(cancellationToken))
                return launch;
        }

        throw new ServiceFailedException(
            "PostgreSQL refuses to run as root, and neither \"unshare --user\" nor \"setpriv\" works here. "
            + "Run this command as another user, or install util-linux (apt-get install util-linux).");
    }

    public (string FileName, string[] Arguments) Wrap(string fileName, IEnumerable<string> arguments) =>
        prefix.Length == 0 ? (fileName, [.. arguments]) : (prefix[0], [.. prefix[1..], fileName, .. arguments]);

    private static UnprivilegedLaunch UserNamespace(int userId) => new(
        ["unshare", "--user", $"--map-user={userId}", $"--map-group={userId}", "--"], ownerId: 0);

    // no_setuid_fixup: access(2), by which PostgreSQL looks for its own programs, leaves the power out without it.
    private static UnprivilegedLaunch OtherUser(int userId) => new(
        [
            "setpriv", $"--reuid={userId}", $"--regid={userId}", "--clear-groups", "--no-new-privs", "--securebits=+no_setuid_fixup",
            "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search",
        ],
        userId);

    // initdb asks for the name of the user, so it must be one of /etc/passwd.
    private static int UnprivilegedUserId()
    {
        var users = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length > 2)
            .ToDictionary(fields => fields[0], fields => int.Parse(fields[2], CultureInfo.InvariantCulture));
        return users.TryGetValue("nobody", out var nobody) ? nobody : users.Values.First(id => id != 0);
    }

    private async Task<bool> WorksAsync(CancellationToken cancellationToken)
    {
        var (fileName, arguments) = Wrap("true", []);
        if (Executables.Find(fileName) is null)
            return false;
        var start = new ProcessStartInfo(fileName, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0;
    }
}
