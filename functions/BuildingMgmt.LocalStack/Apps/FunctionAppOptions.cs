using BuildingMgmt.LocalStack.Processes;

namespace BuildingMgmt.LocalStack.Apps;

/// <summary>One process of the function app on loopback.</summary>
public sealed record FunctionAppOptions
{
    /// <summary>As <c>run.json</c> lists it, for example <c>app-0</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Port on 127.0.0.1. Default 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Npgsql connection string.</summary>
    public required string Postgres { get; init; }

    /// <summary>Connection string of the storage account.</summary>
    public required string Storage { get; init; }

    /// <summary>Connection string of the Event Hubs namespace.</summary>
    public required string EventHubs { get; init; }

    /// <summary>EC P-256 private key in PEM, the same for all processes.</summary>
    public required string SigningKey { get; init; }

    /// <summary>More app settings, for example <c>Ingest__RowsPerTransactionMax</c>; they win over those above.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    public string? LogPath { get; init; }

    public ProcessLedger? Ledger { get; init; }
}
