using System.CommandLine;
using System.Runtime.InteropServices;
using BuildingMgmt.EventHubsEndpoint.Log;
using BuildingMgmt.EventHubsEndpoint.Security;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace BuildingMgmt.EventHubsEndpoint;

/// <summary>The process: reads its command line, serves until it is told to stop.</summary>
internal static class EndpointCommand
{
    /// <summary>Carries the key of the shared access signatures, which has no place on a command line.</summary>
    public const string KeyVariable = "EVENT_HUBS_KEY";

    private const string LogLevelVariable = "EVENT_HUBS_LOG_LEVEL";

    private static readonly Option<int> Port = new("--port")
        { Description = "Port on 127.0.0.1; 0 takes a free one.", DefaultValueFactory = _ => 5672 };
    private static readonly Option<string> Data = new("--data")
        { Description = "Folder in which the events are kept.", Required = true };
    private static readonly Option<string> Hub = new("--hub")
        { Description = "Name of the event hub.", DefaultValueFactory = _ => "telemetry" };
    private static readonly Option<int?> Partitions = new("--partitions")
        { Description = $"Partitions, 1 to {HubLog.PartitionsMax}; fixed at the first start, {HubLog.PartitionsByDefault} if not said." };
    private static readonly Option<string[]> ConsumerGroups = new("--consumer-group")
        { Description = $"A consumer group beside {EndpointOptions.DefaultConsumerGroup}; may be given several times." };
    private static readonly Option<string> KeyName = new("--key-name")
        { Description = $"Name of the key, whose value comes by the environment variable {KeyVariable}.", DefaultValueFactory = _ => "RootManageSharedAccessKey" };
    private static readonly Option<double> RetentionHours = new("--retention-hours")
        { Description = "Events older than this are removed.", DefaultValueFactory = _ => 168 };
    private static readonly Option<long?> RetentionBytes = new("--retention-bytes")
        { Description = "Bytes that all partitions together may keep; the oldest events go first." };
    private static readonly Option<bool> Fsync = new("--fsync")
        { Description = "Whether events are on the disk itself before they are accepted.", DefaultValueFactory = _ => true };
    private static readonly Option<bool> ExitWithParent = new("--exit-with-parent")
        { Description = "Stop when standard input closes." };

    /// <returns>The process's exit code.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        Partitions.Validators.Add(result => Check(result, result.GetValueOrDefault<int?>() is null or (>= 1 and <= HubLog.PartitionsMax),
            $"--partitions takes 1 to {HubLog.PartitionsMax}."));
        Port.Validators.Add(result => Check(result, result.GetValueOrDefault<int>() is >= 0 and <= 65_535, "--port takes 0 to 65535."));
        RetentionHours.Validators.Add(result => Check(result, result.GetValueOrDefault<double>() is > 0 and <= 1_000_000,
            "--retention-hours takes a number over 0, up to 1000000."));
        RetentionBytes.Validators.Add(result => Check(result, result.GetValueOrDefault<long?>() is null or >= 1024 * 1024,
            "--retention-bytes takes 1048576 or more."));
        var command = new RootCommand("An Event Hubs endpoint on this machine: AMQP 1.0, one hub, events kept in files.")
        {
            Port, Data, Hub, Partitions, ConsumerGroups, KeyName, RetentionHours, RetentionBytes, Fsync, ExitWithParent,
        };
        command.SetAction((result, cancellationToken) => ServeAsync(result, cancellationToken));
        // Signals are ours: the default handler would give a running stop two seconds only.
        return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    private static async Task<int> ServeAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var key = Environment.GetEnvironmentVariable(KeyVariable);
        if (string.IsNullOrEmpty(key))
        {
            await Console.Error.WriteLineAsync($"The environment variable {KeyVariable} is not set: give the shared access key in it.");
            return 1;
        }

        using var logging = LoggerFactory.Create(builder => builder
            .AddSimpleConsole(console => console.SingleLine = true)
            .SetMinimumLevel(Enum.TryParse<LogLevel>(Environment.GetEnvironmentVariable(LogLevelVariable), out var level) ? level : LogLevel.Information)
            .Services.Configure<ConsoleLoggerOptions>(
                // Standard output says that the endpoint listens, and nothing else.
                console => console.LogToStandardErrorThreshold = LogLevel.Trace));
        try
        {
            using var endpoint = EventHubEndpoint.Start(Read(result, key), TimeProvider.System, logging.CreateLogger("EventHubs"));
            var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
            await using var cancelled = cancellationToken.Register(() => stop.TrySetResult());
            if (result.GetValue(ExitWithParent))
                _ = StopWithParentAsync(stop);

            await Console.Out.WriteLineAsync($"listening 127.0.0.1:{endpoint.Port}");
            await stop.Task;
            return 0;

            void Stop(PosixSignalContext signal)
            {
                signal.Cancel = true;
                stop.TrySetResult();
            }
        }
        catch (StartException failure)
        {
            await Console.Error.WriteLineAsync(failure.Message);
            return 1;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            await Console.Error.WriteLineAsync($"The data folder \"{result.GetValue(Data)}\" cannot be used: {failure.Message}");
            return 1;
        }
    }

    private static EndpointOptions Read(ParseResult result, string key) => new()
    {
        Port = result.GetValue(Port),
        DataFolder = Path.GetFullPath(result.GetValue(Data)!),
        Hub = result.GetValue(Hub)!,
        Key = new SharedAccessKey(result.GetValue(KeyName)!, key),
        Partitions = result.GetValue(Partitions),
        ConsumerGroups = [EndpointOptions.DefaultConsumerGroup, .. result.GetValue(ConsumerGroups) ?? []],
        Log = new LogOptions
        {
            RetentionAge = TimeSpan.FromHours(result.GetValue(RetentionHours)),
            RetentionBytes = result.GetValue(RetentionBytes),
            Fsync = result.GetValue(Fsync),
        },
    };

    private static async Task StopWithParentAsync(TaskCompletionSource stop)
    {
        await using var input = Console.OpenStandardInput();
        var buffer = new byte[256];
        while (await input.ReadAsync(buffer) > 0)
        {
            // What the parent may say does not matter, only that it is there.
        }
        stop.TrySetResult();
    }

    private static void Check(System.CommandLine.Parsing.OptionResult result, bool isGood, string error)
    {
        if (!isGood)
            result.AddError(error);
    }
}
