using System.ComponentModel.DataAnnotations;

namespace BuildingMgmt.Functions.Postgres;

/// <summary>How the app reaches PostgreSQL: section <c>Postgres</c>. One pool for each kind of work, so that one cannot starve another.</summary>
public sealed class PostgresOptions
{
    /// <summary>Npgsql connection string of the primary. Required; pool sizes and timeouts in it are replaced by the options below.</summary>
    [Required(AllowEmptyStrings = false)]
    public string ConnectionString { get; set; } = "";

    /// <summary>Npgsql connection string of a read replica for the read pool. Empty, the default, reads from the primary.</summary>
    public string ReadConnectionString { get; set; } = "";

    /// <summary>Connections that store readings. Default 10.</summary>
    [Range(1, 500)]
    public int WritePoolSize { get; set; } = 10;

    /// <summary>Connections that answer requests. Default 20.</summary>
    [Range(1, 500)]
    public int ReadPoolSize { get; set; } = 20;

    /// <summary>Connections that look for a newer catalogue and repair latest values. Default 5.</summary>
    [Range(1, 500)]
    public int BatchPoolSize { get; set; } = 5;

    /// <summary>Longest statement of the write pool, seconds. Default 30.</summary>
    [Range(1, 3600)]
    public int WriteTimeoutSeconds { get; set; } = 30;

    /// <summary>Longest statement of the read pool, seconds. Default 5.</summary>
    [Range(1, 3600)]
    public int ReadTimeoutSeconds { get; set; } = 5;

    /// <summary>Longest statement of the batch pool, seconds. Default 30.</summary>
    [Range(1, 3600)]
    public int BatchTimeoutSeconds { get; set; } = 30;

    /// <summary>Longest wait for a connection of the read pool, whether it must be opened or all are busy, seconds. Default 2.</summary>
    [Range(1, 60)]
    public int ReadWaitSeconds { get; set; } = 2;
}
