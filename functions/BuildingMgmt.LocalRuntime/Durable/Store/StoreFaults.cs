using System.Text.Json;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>What a call of the store failed by.</summary>
internal enum StoreFault
{
    /// <summary>It may be either.</summary>
    Unknown,

    /// <summary>What was to be written can never be written.</summary>
    Data,

    /// <summary>The connection, the server, a time limit or somebody's lock: the same call may succeed at any time.</summary>
    Passing,
}

internal static class StoreFaults
{
    // PostgreSQL's classes 22 (data), 23 (constraints) and 54 (limits) are about what was sent. XX000 is what it says to values above a gigabyte,
    // but not only to them.
    public static StoreFault Of(Exception exception) => exception switch
    {
        PostgresException { SqlState: ['2', '2' or '3', ..] or ['5', '4', ..] } => StoreFault.Data,
        PostgresException { SqlState: PostgresErrorCodes.InternalError } => StoreFault.Unknown,
        NpgsqlException or TimeoutException or IOException or OperationCanceledException => StoreFault.Passing,
        ArgumentException or JsonException or NotSupportedException or InvalidCastException or OverflowException or OutOfMemoryException => StoreFault.Data,
        _ => StoreFault.Unknown,
    };
}
