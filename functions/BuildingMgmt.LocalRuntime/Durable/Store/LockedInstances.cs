using Npgsql;
using static BuildingMgmt.LocalRuntime.Durable.Store.Sql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>Instances that a transaction holds and does not let go: an operator's, or that of a process which stands still in the middle of it.</summary>
internal static class LockedInstances
{
    private const string LockedSql = """
        SELECT id FROM durable.instance WHERE hub = $1 AND id = ANY ($2)
        EXCEPT
        SELECT id FROM (SELECT id FROM durable.instance WHERE hub = $1 AND id = ANY ($2) FOR NO KEY UPDATE SKIP LOCKED) AS free
        """;

    /// <summary>Commits all; when one has waited for a lock in vain, those that touch no such instance.</summary>
    /// <param name="touched">Ids of the instances that an item writes to.</param>
    /// <param name="locked">What is answered to the others.</param>
    public static async Task<IReadOnlyList<TReceipt>> WithoutAsync<TItem, TReceipt>(
        NpgsqlDataSource database, int hub, IReadOnlyList<TItem> items, Func<TItem, IEnumerable<string>> touched,
        Func<IReadOnlyList<TItem>, Task<IReadOnlyList<TReceipt>>> commit, TReceipt locked, CancellationToken cancellationToken)
    {
        try
        {
            return await commit(items);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            // Rolled back, all of it.
        }

        var held = await FindAsync(database, hub, [.. items.SelectMany(touched).Distinct()], cancellationToken);
        // Whoever it was has let go, or makes a new instance, which nobody sees yet.
        if (held.Count == 0)
            return await commit(items);
        bool[] isFree = [.. items.Select(item => !held.Overlaps(touched(item)))];
        TItem[] free = [.. items.Where((_, index) => isFree[index])];
        var receipts = new Queue<TReceipt>(
            free.Length == 0 ? [] : await WithoutAsync(database, hub, free, touched, commit, locked, cancellationToken));
        return [.. isFree.Select(free => free ? receipts.Dequeue() : locked)];
    }

    private static async Task<HashSet<string>> FindAsync(NpgsqlDataSource database, int hub, string[] ids, CancellationToken cancellationToken)
    {
        await using var command = database.Command(LockedSql, One(hub), One(ids));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var held = new HashSet<string>(StringComparer.Ordinal);
        while (await row.ReadAsync(cancellationToken))
            held.Add(row.GetString(0));
        return held;
    }
}
