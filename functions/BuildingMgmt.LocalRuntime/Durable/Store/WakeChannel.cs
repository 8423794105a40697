using System.Globalization;
using Npgsql;
using static BuildingMgmt.LocalRuntime.Durable.Store.Sql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>The channel of a hub's notifications, as one process speaks on it: who it is, and which workers it means.</summary>
internal sealed class WakeChannel(NpgsqlDataSource database, int hub)
{
    public const string Everybody = "*";

    private readonly string _self = Guid.NewGuid().ToString("N");

    public string Name { get; } = string.Create(CultureInfo.InvariantCulture, $"durable_{hub}");

    public async Task NotifyAsync(string to, CancellationToken cancellationToken)
    {
        await using var command = database.Command("SELECT pg_notify($1, $2)", One(Name), One($"{_self}|{to}"));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>For whom a notification is, and whether this process has sent it.</summary>
    public (string To, bool FromHere) Read(string payload) =>
        payload.Split('|') is [var sender, var to] ? (to, sender == _self) : (payload, false);
}
