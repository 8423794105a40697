using System.CommandLine;
using System.Runtime.InteropServices;
using BuildingMgmt.LocalStack.Display;
using BuildingMgmt.LocalStack.Options;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Running;

using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);

// The library's own handling of signals would end this process after 2 seconds, with the services still up.
var configuration = new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false };
var command = StackCommand.Create(options => new BuildingStack(options, StartDisplay.ForConsole()).RunAsync(stop.Token));
var parsed = command.Parse(args);
if (parsed.Errors.Count > 0)
{
    await Console.Error.WriteLineAsync($"{string.Join('\n', parsed.Errors.Select(error => error.Message))}\n--help lists the options.");
    return 1;
}

try
{
    return await parsed.InvokeAsync(configuration);
}
catch (ServiceFailedException error)
{
    await Console.Error.WriteLineAsync(error.Message);
    return 1;
}
catch (Exception error) when (error is IOException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync(
        $"{error.Message}\nIs there room on the disk, and may this user write there? --data chooses another folder.");
    return 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 0;
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}
