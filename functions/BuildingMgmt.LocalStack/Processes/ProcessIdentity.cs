using System.Diagnostics;
using System.Globalization;

namespace BuildingMgmt.LocalStack.Processes;

/// <summary>
/// A process id with the moment at which that process began, so that a number which was given to another process since
/// is not taken for the first one.
/// </summary>
public sealed record ProcessIdentity(int ProcessId, string Began)
{
    /// <summary>The identity of a running process, or null when there is none with this id.</summary>
    public static ProcessIdentity? Of(int processId)
    {
        try
        {
            if (OperatingSystem.IsLinux())
                return new(processId, BeganOnLinux(processId));
            using var process = Process.GetProcessById(processId);
            return new(processId, process.StartTime.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture));
        }
        catch (Exception error) when (error is IOException or ArgumentException or InvalidOperationException
            or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>True while this very process runs.</summary>
    public bool IsRunning() => Of(ProcessId) == this;

    // Clock ticks since boot are exact, where Process.StartTime moves with every correction of the clock; the boot's own
    // id keeps a number of an earlier boot apart. See proc(5), field 22; the command (field 2) may hold spaces.
    private static string BeganOnLinux(int processId)
    {
        var stat = File.ReadAllText($"/proc/{processId}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        if (fields[0] is "Z" or "X")
            throw new InvalidOperationException("The process has ended.");
        return $"{File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()}:{fields[19]}";
    }
}
