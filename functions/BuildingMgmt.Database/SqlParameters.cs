using Npgsql;

namespace BuildingMgmt.Database;

/// <summary>Commands of a batch with their parameters, typed and in the order of $1, $2 and so on.</summary>
public static class SqlParameters
{
    /// <summary>A statement with its parameters.</summary>
    public static NpgsqlBatchCommand Command(string sql, params NpgsqlParameter[] parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        return command;
    }

    /// <summary>One value.</summary>
    public static NpgsqlParameter<T> One<T>(T value) => new() { TypedValue = value };

    /// <summary>One value of each item, as an array: a column for <c>unnest</c>.</summary>
    public static NpgsqlParameter<TValue[]> Many<TItem, TValue>(IEnumerable<TItem> items, Func<TItem, TValue> value) =>
        new() { TypedValue = items.Select(value).ToArray() };
}
