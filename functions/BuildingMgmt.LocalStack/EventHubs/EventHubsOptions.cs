using BuildingMgmt.LocalStack.Processes;

namespace BuildingMgmt.LocalStack.EventHubs;

/// <summary>One Event Hubs endpoint on loopback.</summary>
public sealed record EventHubsOptions
{
    public required string DataFolder { get; init; }

    /// <summary>Port on 127.0.0.1. Default 0 takes a free one.</summary>
    public int Port { get; init; }

    public string Hub { get; init; } = "telemetry";

    /// <summary>Partitions of the hub, when it is made. Default 4.</summary>
    public int Partitions { get; init; } = 4;

    /// <summary>Key of <c>RootManageSharedAccessKey</c>, base64.</summary>
    public required string Key { get; init; }

    /// <summary>More arguments for the process, for example <c>--retention-hours 1</c>.</summary>
    public IReadOnlyList<string> MoreArguments { get; init; } = [];

    public string? LogPath { get; init; }

    public ProcessLedger? Ledger { get; init; }
}
