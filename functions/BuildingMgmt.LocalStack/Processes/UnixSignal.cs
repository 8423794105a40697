using System.Diagnostics;
using System.Runtime.InteropServices;

namespace BuildingMgmt.LocalStack.Processes;

/// <summary>Signals by which a process is asked to end. The numbers are the same on Linux and macOS.</summary>
public enum UnixSignal
{
    Interrupt = 2,
    Quit = 3,
    Kill = 9,
    Terminate = 15,
}

internal static partial class UnixSignals
{
    /// <summary>Sends the signal; a process that has gone already is no error.</summary>
    public static void Send(this Process process, UnixSignal signal)
    {
        if (process.HasExited)
            return;
        if (OperatingSystem.IsWindows())
            process.Kill(entireProcessTree: true);
        else
            _ = Kill(process.Id, (int)signal);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
