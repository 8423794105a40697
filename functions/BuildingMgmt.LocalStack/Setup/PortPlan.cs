using System.Text.Json;
using BuildingMgmt.LocalStack.Options;
using BuildingMgmt.LocalStack.Processes;

namespace BuildingMgmt.LocalStack.Setup;

/// <summary>
/// Which port is for what, settled before anything starts. A port of 0 becomes a free one, which is kept in
/// <c>ports.json</c> and taken again by later starts while it is free.
/// </summary>
internal sealed record PortPlan
{
    /// <summary>One for each app process.</summary>
    public required IReadOnlyList<int> Http { get; init; }

    /// <summary>0 where the service comes from outside; so with the next two.</summary>
    public required int Amqp { get; init; }

    public required int Storage { get; init; }

    public required int Postgres { get; init; }

    /// <exception cref="ServiceFailedException">Ports are taken; names each, what it is for, and the option that changes it.</exception>
    public static PortPlan Settle(StackOptions options)
    {
        var path = Path.Combine(options.DataFolder, "ports.json");
        var kept = Load(path);
        var taken = new List<string>();

        var http = Choose("http", options.HttpPort, options.Instances, "the app", "--http-port");
        var amqp = options.EventHubs is null ? Choose("amqp", options.AmqpPort, 1, "the Event Hubs endpoint", "--amqp-port") : 0;
        var storage = options.Storage is null ? Choose("storage", options.StoragePort, 3, "Azurite", "--storage-port") : 0;
        var postgres = options.Postgres is null ? Choose("postgres", options.PostgresPort, 1, "PostgreSQL", "--postgres-port") : 0;
        if (taken.Count > 0)
            throw new ServiceFailedException(string.Join('\n', taken));
        PrivateFiles.Write(path, JsonSerializer.Serialize(kept));
        return new() { Http = [.. Enumerable.Range(http, options.Instances)], Amqp = amqp, Storage = storage, Postgres = postgres };

        int Choose(string name, int wanted, int count, string what, string option)
        {
            if (wanted == 0)
            {
                if (!kept.TryGetValue(name, out var first) || !Enumerable.Range(first, count).All(Ports.IsFree))
                    kept[name] = first = Ports.TakeFree(count);
                return first;
            }

            taken.AddRange(Enumerable.Range(wanted, count).Where(port => !Ports.IsFree(port)).Select(port =>
                $"Port {port} of 127.0.0.1, meant for {what}, is taken by another program. Stop it, or choose another port "
                + $"with {option} (0 takes a free one)."));
            return wanted;
        }
    }

    private static Dictionary<string, int> Load(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<Dictionary<string, int>>(File.ReadAllText(path)) ?? [] : [];
        }
        catch (JsonException)
        {
            // Ports are a convenience: others are chosen.
            return [];
        }
    }
}
