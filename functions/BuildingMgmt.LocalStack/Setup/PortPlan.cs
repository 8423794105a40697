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

    /// <exception cref="ServiceFailedException">Ports are taken, or meant for two services; names each, what it is for, and the option that changes it.</exception>
    public static PortPlan Settle(StackOptions options)
    {
        var path = Path.Combine(options.DataFolder, "ports.json");
        var kept = Load(path);
        var http = new PortRange("http", options.HttpPort, options.Instances, "the app", "--http-port");
        var amqp = new PortRange("amqp", options.AmqpPort, options.EventHubs is null ? 1 : 0, "the Event Hubs endpoint", "--amqp-port");
        var storage = new PortRange("storage", options.StoragePort, options.Storage is null ? 3 : 0, "Azurite", "--storage-port");
        var postgres = new PortRange("postgres", options.PostgresPort, options.Postgres is null ? 1 : 0, "PostgreSQL", "--postgres-port");
        PortRange[] needed = [.. new[] { http, amqp, storage, postgres }.Where(range => range.Count > 0)];
        PortRange[] wanted = [.. needed.Where(range => range.First != 0)];
        string[] errors = [.. Overlaps(wanted), .. wanted.SelectMany(TakenByOthers)];
        if (errors.Length > 0)
            throw new ServiceFailedException(string.Join('\n', errors));

        // What was asked for by number comes before what was kept: of that, another will do as well.
        var meant = wanted.SelectMany(range => range.Ports).ToHashSet();
        foreach (var range in needed.Except(wanted))
        {
            kept[range.Name] = ChooseFree(range, kept.GetValueOrDefault(range.Name), meant);
            meant.UnionWith((range with { First = kept[range.Name] }).Ports);
        }
        PrivateFiles.Write(path, JsonSerializer.Serialize(kept));
        return new()
        {
            Http = [.. Enumerable.Range(First(http), http.Count)], Amqp = First(amqp), Storage = First(storage), Postgres = First(postgres),
        };

        int First(PortRange range) => range.Count == 0 ? 0 : range.First == 0 ? kept[range.Name] : range.First;
    }

    private static IEnumerable<string> Overlaps(PortRange[] ranges) =>
        from pair in ranges.SelectMany((one, i) => ranges[(i + 1)..].Select(other => (One: one, Other: other)))
        let shared = pair.One.Ports.Intersect(pair.Other.Ports).ToArray()
        where shared.Length > 0
        select $"Port {shared[0]} is meant for both {pair.One.What} and {pair.Other.What}: {pair.One} and {pair.Other}. Choose another port "
            + $"with {pair.One.Option} or {pair.Other.Option} (0 takes a free one).";

    private static IEnumerable<string> TakenByOthers(PortRange range) =>
        range.Ports.Where(port => !Ports.IsFree(port)).Select(port =>
            $"Port {port} of 127.0.0.1, meant for {range.What}, is taken by another program. Stop it, or choose another port "
            + $"with {range.Option} (0 takes a free one).");

    /// <summary>The first of as many ports as are needed: those that were kept, if they are still free, or others.</summary>
    private static int ChooseFree(PortRange range, int kept, HashSet<int> meant)
    {
        if (kept != 0 && !(range with { First = kept }).Ports.Any(meant.Contains) && Ports.TryTake(kept, range.Count))
            return kept;
        while (true)
        {
            var free = range with { First = Ports.TakeFree(range.Count) };
            if (!free.Ports.Any(meant.Contains))
                return free.First;
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

    /// <summary>Ports in a row for one service.</summary>
    /// <param name="Name">In <c>ports.json</c>.</param>
    /// <param name="First">0 for free ones.</param>
    /// <param name="What">What they are for.</param>
    private sealed record PortRange(string Name, int First, int Count, string What, string Option)
    {
        public IEnumerable<int> Ports => Enumerable.Range(First, Count);

        /// <summary>As the user asked for it.</summary>
        public override string ToString() => Count == 1 ? $"{Option} {First}" : $"{Option} {First} takes {First} to {First + Count - 1}";
    }
}
