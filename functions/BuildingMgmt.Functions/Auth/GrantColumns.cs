using Npgsql;

namespace BuildingMgmt.Functions.Auth;

/// <summary>Reads grants from the columns <c>role</c> and <c>building_id</c> of a query.</summary>
internal static class GrantColumns
{
    /// <summary>The grant of the current row; null when an outer join found none.</summary>
    public static async Task<Grant?> ReadAsync(NpgsqlDataReader reader, int roleColumn, CancellationToken cancellationToken)
    {
        if (await reader.IsDBNullAsync(roleColumn, cancellationToken))
            return null;
        Guid? buildingId = await reader.IsDBNullAsync(roleColumn + 1, cancellationToken) ? null : reader.GetGuid(roleColumn + 1);
        return new Grant(Enum.Parse<Roles>(reader.GetString(roleColumn), ignoreCase: true), buildingId);
    }
}
