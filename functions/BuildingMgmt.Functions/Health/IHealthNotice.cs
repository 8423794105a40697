using Npgsql;

namespace BuildingMgmt.Functions.Health;

/// <summary>Looks for something that people should see to, though the app can do its work.</summary>
public interface IHealthNotice
{
    /// <summary>What it is about.</summary>
    string Name { get; }

    /// <summary>What is to be seen to; null when nothing is.</summary>
    /// <param name="primary">A connection that no other work keeps busy.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    Task<string?> LookAsync(NpgsqlDataSource primary, CancellationToken cancellationToken);
}
