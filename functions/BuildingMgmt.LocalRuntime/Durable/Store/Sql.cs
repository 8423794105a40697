using Npgsql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>Commands with their parameters, typed and in the order of $1, $2 and so on.</summary>
internal static class Sql
{
    /// <summary>
    /// A condition that always holds, and bounds how long the transaction waits for a lock: whoever holds an instance, and does not let go, must
    /// not stop all that is written together with what touches it. It stands where the statement locks, and costs no message of its own.
    /// </summary>
    public const string LocksAreAwaitedBriefly = "(SELECT set_config('lock_timeout', '1s', true)) IS NOT NULL";

    /// <summary>Seconds. A call that a server or a network swallows ends, and whoever waits for it is told.</summary>
    public const int TimeoutSeconds = 15;

    /// <summary>All its statements are one transaction.</summary>
    public static NpgsqlBatch Batch(NpgsqlConnection connection) => new(connection) { Timeout = TimeoutSeconds };

    /// <summary>
    /// The database counts microseconds: rounded up, so that nothing is due before its time. Never is the last of them, and not the time that
    /// Npgsql takes for infinity, with which no statement can reckon.
    /// </summary>
    public static DateTime? DueAt(DateTimeOffset? time) =>
        time is { } due ? new DateTime(Math.Min(due.UtcTicks + 9, DateTime.MaxValue.Ticks) / 10 * 10, DateTimeKind.Utc) : null;

    public static NpgsqlBatchCommand Statement(string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        return command;
    }

    public static NpgsqlCommand Command(this NpgsqlDataSource database, string sql, params NpgsqlParameter[] parameters)
    {
        var command = database.CreateCommand(sql);
        command.CommandTimeout = TimeoutSeconds;
        command.Parameters.AddRange(parameters);
        return command;
    }

    public static NpgsqlParameter<T> One<T>(T value) => new() { TypedValue = value };

    /// <summary>One value of each item: a column for <c>unnest</c>.</summary>
    public static NpgsqlParameter<TValue[]> Many<TItem, TValue>(IEnumerable<TItem> items, Func<TItem, TValue> value) =>
        new() { TypedValue = items.Select(value).ToArray() };

    public static T? Nullable<T>(this NpgsqlDataReader row, int column)
        where T : class =>
        row.IsDBNull(column) ? null : row.GetFieldValue<T>(column);
}
