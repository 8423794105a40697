using BuildingMgmt.LocalStack.Processes;

namespace BuildingMgmt.LocalStack.Storage;

/// <summary>One Azurite on loopback: blobs, queues and tables.</summary>
public sealed record AzuriteOptions
{
    public required string DataFolder { get; init; }

    /// <summary>Port of blobs on 127.0.0.1; queues and tables take the next two. Default 0 takes free ones.</summary>
    public int Port { get; init; }

    /// <summary>Key of the account <c>devstoreaccount1</c>, base64.</summary>
    public required string AccountKey { get; init; }

    public string? LogPath { get; init; }

    public ProcessLedger? Ledger { get; init; }
}
