using BuildingMgmt.LocalStack.Processes;

namespace BuildingMgmt.LocalStack.Postgres;

/// <summary>One PostgreSQL server on loopback.</summary>
public sealed record PostgresOptions
{
    /// <summary>The cluster's folder; made at the first start, continued from later.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Port on 127.0.0.1. Default 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Of the superuser <c>postgres</c>. It must stay the same for the same data.</summary>
    public required string AdministratorPassword { get; init; }

    /// <summary>Of the role <c>buildingmgmt</c>, which owns the database of that name.</summary>
    public required string OwnerPassword { get; init; }

    public string? LogPath { get; init; }

    /// <summary>Connections accepted. Default 200: an app process takes up to 35.</summary>
    public int ConnectionsMax { get; init; } = 200;

    /// <summary>Memory for pages, MB. Default 512.</summary>
    public int SharedBuffersMegabytes { get; init; } = 512;

    public ProcessLedger? Ledger { get; init; }

    /// <summary>How a start as root runs the server, which refuses root. Default: whichever works here.</summary>
    public RootLaunch RootLaunch { get; init; } = RootLaunch.Any;
}
