using BuildingMgmt.Simulator.FaultLab;
using BuildingMgmt.Simulator.Replay;

namespace BuildingMgmt.LocalStack.Options;

/// <summary>What the user asked for on the command line.</summary>
internal sealed record StackOptions
{
    private const int InstancesMax = 16;
    private const int PortMax = 65_535;
    private static readonly string[] DataSetFiles = ["sensors.csv", "readings.csv.gz"];

    /// <summary>The folder that holds all state, as a full path; empty when none was named.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Port of the first app process; the others take the next ones. 0 takes free ones.</summary>
    public int HttpPort { get; init; }

    public int AmqpPort { get; init; }

    /// <summary>Port of blobs; queues and tables take the next two.</summary>
    public int StoragePort { get; init; }

    public int PostgresPort { get; init; }

    /// <summary>Function app processes.</summary>
    public int Instances { get; init; } = 1;

    public bool Demo { get; init; } = true;

    /// <summary>Ways in which the demo's gateways misbehave; null for none.</summary>
    public string? Faults { get; init; }

    /// <summary>Folder of a data set to send, as a full path; null for none, empty when it was not named.</summary>
    public string? ReplayFolder { get; init; }

    /// <summary>Of the replay: times real time, or <c>max</c>; null leaves it to the replay.</summary>
    public string? Speed { get; init; }

    public bool ExitWhenDone { get; init; }

    /// <summary>Connection string of a server from outside; null starts one.</summary>
    public string? Postgres { get; init; }

    /// <summary>Connection string of a storage account from outside; null starts Azurite.</summary>
    public string? Storage { get; init; }

    /// <summary>Connection string of an Event Hubs namespace from outside; null starts the endpoint.</summary>
    public string? EventHubs { get; init; }

    /// <summary>Starts a service that died again, instead of taking everything down.</summary>
    public bool RestartServices { get; init; }

    /// <summary>What is wrong with them, all at once; empty when nothing is.</summary>
    public IReadOnlyList<string> Errors()
    {
        var errors = new List<string>();
        if (DataFolder.Length == 0)
            errors.Add("--data names no folder.");
        if (Instances is < 1 or > InstancesMax)
            errors.Add($"--instances is {Instances}; it must lie between 1 and {InstancesMax}.");
        CheckPort("--http-port", HttpPort, Math.Clamp(Instances, 1, InstancesMax));
        CheckPort("--amqp-port", AmqpPort, 1);
        CheckPort("--storage-port", StoragePort, 3);
        CheckPort("--postgres-port", PostgresPort, 1);
        if (Faults is not null && !Demo)
            errors.Add("--faults is about the demo building, which --no-demo leaves out.");
        if (ReplayFolder is null && (ExitWhenDone || Speed is not null))
            errors.Add("--speed and --exit-when-done need --replay.");
        CheckFormat(Faults, list => FaultNames.Parse(list));
        CheckFormat(Speed, speed => ReplaySpeed.Parse(speed));
        errors.AddRange(ConnectionStrings.Errors(this));
        if (ReplayFolder is { Length: 0 })
        {
            errors.Add("--replay names no folder.");
        }
        else if (ReplayFolder is not null)
        {
            errors.AddRange(DataSetFiles.Where(file => !File.Exists(Path.Combine(ReplayFolder, file)))
                .Select(file => $"--replay: there is no \"{file}\" in \"{ReplayFolder}\"."));
        }

        return errors;

        void CheckFormat(string? text, Action<string> parse)
        {
            try
            {
                if (text is not null)
                    parse(text);
            }
            catch (FormatException error)
            {
                errors.Add(error.Message);
            }
        }

        void CheckPort(string option, int port, int count)
        {
            if (port < 0 || port + count - 1 > PortMax)
                errors.Add($"{option} is {port}; it must lie between 0 and {PortMax + 1 - count}.");
        }
    }
}
