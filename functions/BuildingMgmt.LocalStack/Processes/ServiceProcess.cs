using System.Diagnostics;

namespace BuildingMgmt.LocalStack.Processes;

/// <summary>
/// One service as a child process: its output goes to its log, it ends when this process ends (however that happens), and
/// when it is disposed it ends in order, or by force once its patience is over.
/// </summary>
public sealed class ServiceProcess : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly ServiceCommand command;
    private readonly Process process;
    private readonly Process? guard;
    private readonly ServiceLog log;
    private readonly Task output;
    private readonly Lock gate = new();
    private readonly List<LineWaiter> waiters = [];

    private ServiceProcess(ServiceCommand command, Process process, Process? guard, ServiceLog log)
    {
        this.command = command;
        this.process = process;
        this.guard = guard;
        this.log = log;
        ProcessId = process.Id;
        if (ProcessIdentity.Of(ProcessId) is { } identity)
            command.Ledger?.Add(command.Name, identity, command.StopSignal);
        output = Task.WhenAll(PumpAsync(process.StandardOutput, command.OnLine), PumpAsync(process.StandardError, null));
        Exited = FollowAsync();
    }

    public string Name => command.Name;

    public int ProcessId { get; }

    /// <summary>Ends with the exit code when the process has ended and its output is read.</summary>
    public Task<int> Exited { get; }

    /// <summary>The last lines of its output, oldest first.</summary>
    public string LastLines => log.LastLines;

    /// <exception cref="ServiceFailedException">The program cannot be run.</exception>
    public static ServiceProcess Start(ServiceCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        // setsid, through which it is run, would tell of it only later.
        if (Executables.Find(command.FileName) is null)
            throw new ServiceFailedException(
                $"\"{command.Name}\" did not start: there is no program \"{command.FileName}\". Install it, or put it into PATH.");
        var log = new ServiceLog(command.LogPath);
        Process? process = null;
        try
        {
            process = Run(command.FileName, command.Arguments, command);
            var guard = command.EndsWithInput ? null : StartGuard(process.Id, command.StopSignal);
            return new(command, process, guard, log);
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            process?.Kill(entireProcessTree: true);
            process?.Dispose();
            log.Dispose();
            throw new ServiceFailedException(
                $"\"{command.Name}\" did not start: \"{command.FileName}\" cannot be run ({error.Message}).", error);
        }
    }

    /// <summary>Waits until the condition holds.</summary>
    /// <exception cref="ServiceFailedException">The service ended first, or the time is over; says its last lines.</exception>
    public async Task WaitUntilAsync(
        Func<CancellationToken, Task<bool>> condition, TimeSpan deadline, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(condition);
        var began = Stopwatch.GetTimestamp();
        while (!await condition(cancellationToken))
        {
            if (Exited.IsCompleted)
                throw Ended(await Exited);
            if (Stopwatch.GetElapsedTime(began) > deadline)
                throw NotReady(deadline);
            await Task.WhenAny(Exited, Task.Delay(PollInterval, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Waits for a line of output, also one that was printed before this call, and returns it.</summary>
    /// <exception cref="ServiceFailedException">The service ended first, or the time is over; says its last lines.</exception>
    public async Task<string> WaitForLineAsync(string prefix, TimeSpan deadline, CancellationToken cancellationToken)
    {
        var waiter = new LineWaiter(prefix);
        lock (gate)
        {
            waiters.Add(waiter);
            foreach (var line in log.LastLines.Split('\n'))
                waiter.Offer(line);
        }

        await WaitUntilAsync(_ => Task.FromResult(waiter.Line.Task.IsCompleted), deadline, cancellationToken);
        return await waiter.Line.Task;
    }

    /// <summary>What to tell the user when this service ended without being asked.</summary>
    public ServiceFailedException Ended(int exitCode)
    {
        var seeLog = command.LogPath is null ? "" : $" Its log is \"{command.LogPath}\".";
        var lines = LastLines;
        return new($"\"{Name}\" ended with exit code {exitCode}.{seeLog}" + (lines.Length == 0 ? "" : $" It said last:\n{lines}"));
    }

    /// <summary>Ends the process: in order first, by force once the service's own patience is over. Returns when it has gone.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(command.StopPatience);

    /// <summary>As <see cref="DisposeAsync"/>, with another patience.</summary>
    /// <returns>Whether it ended as it was asked to: not by force, and not by a failure on its way down.</returns>
    public async Task<bool> StopAsync(TimeSpan patience)
    {
        if (!Exited.IsCompleted)
        {
            process.Send(command.StopSignal);
            if (!await HasExitedAsync(patience))
                process.Kill(entireProcessTree: true);
        }

        // A shell's convention, by which a program that knows nothing of the signal ends.
        var exitCode = await Exited;
        process.Dispose();
        return exitCode == 0 || exitCode == 128 + (int)command.StopSignal;
    }

    /// <summary>Ends the process at once, as a crash would.</summary>
    public async Task KillAsync()
    {
        process.Send(UnixSignal.Kill);
        await Exited;
    }

    private static Process Run(string fileName, IReadOnlyList<string> arguments, ServiceCommand command)
    {
        // A session of its own: Ctrl+C in a terminal reaches this process only, which then ends the services in their order.
        var setsid = Executables.Find("setsid");
        var start = new ProcessStartInfo(setsid ?? fileName)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = command.WorkingFolder ?? "",
        };
        if (setsid is not null)
            start.ArgumentList.Add(fileName);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in command.Environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    // "read" ends at end of file, which comes when this process is gone: the pipe's other end is held here and nowhere else,
    // and nothing is ever written to it.
    private static Process? StartGuard(int processId, UnixSignal signal)
    {
        if (OperatingSystem.IsWindows())
            return null;
        var command = new ServiceCommand { Name = "guard", FileName = "sh", Arguments = [] };
        return Run("sh", ["-c", "read -r line; kill -$0 $1", ((int)signal).ToString(), processId.ToString()], command);
    }

    private ServiceFailedException NotReady(TimeSpan deadline) => new(
        $"\"{Name}\" was not ready after {deadline.TotalSeconds:0} s."
        + (LastLines.Length == 0 ? "" : $" It said last:\n{LastLines}"));

    private async Task<bool> HasExitedAsync(TimeSpan patience) =>
        await Task.WhenAny(Exited, Task.Delay(patience)) == Exited;

    // To the end of the stream, whatever happens: a pipe that nobody reads fills up, and then the service waits for ever.
    private async Task PumpAsync(StreamReader reader, Action<string>? onLine)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (gate)
            {
                log.Write(line);
                waiters.RemoveAll(waiter => waiter.Offer(line));
            }

            Tell(onLine, line);
        }
    }

    private static void Tell(Action<string>? onLine, string line)
    {
        try
        {
            onLine?.Invoke(line);
        }
        catch (IOException)
        {
            // Whoever listens has gone, or writes to a full disk. The line is in the log.
        }
    }

    private async Task<int> FollowAsync()
    {
        await process.WaitForExitAsync();
        // Before the id can belong to another process, the guard must not be able to signal it.
        guard?.Kill();
        guard?.Dispose();
        command.Ledger?.Remove(ProcessId);
        // A child of the service may hold the pipe for longer; nobody waits for its words.
        await Task.WhenAny(output, Task.Delay(TimeSpan.FromSeconds(1)));
        log.Dispose();
        return process.ExitCode;
    }

    private sealed record LineWaiter(string Prefix)
    {
        public TaskCompletionSource<string> Line { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Offer(string line) => line.StartsWith(Prefix, StringComparison.Ordinal) && Line.TrySetResult(line);
    }
}
