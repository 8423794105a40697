using System.CommandLine;
using BuildingMgmt.Simulator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Console;

using var logging = LoggerFactory.Create(builder =>
{
    builder.AddSimpleConsole(options =>
    {
        options.SingleLine = true;
        options.TimestampFormat = "HH:mm:ss ";
    });
    // Standard output belongs to the commands' own lines.
    builder.Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
});

// A stop by signal lets the demo send what it still holds.
var configuration = new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(5) };
return await SimulatorCommands.Create(TimeProvider.System, logging.CreateLogger("Simulator")).Parse(args).InvokeAsync(configuration);
