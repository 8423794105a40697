using System.Globalization;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>What an Event Hubs connection string says.</summary>
internal sealed record HubAddress
{
    private const int PlainPort = 5672;
    private const int SecurePort = 5671;

    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>TLS; off where the connection string says <c>UseDevelopmentEmulator=true</c>.</summary>
    public required bool Secure { get; init; }

    public required string KeyName { get; init; }

    public required string Key { get; init; }

    public required string Hub { get; init; }

    /// <summary>
    /// What tells this namespace from every other: its host, and its port where that is not the protocol's own. Namespaces on Azure
    /// differ by host; endpoints on one machine differ by nothing but the port.
    /// </summary>
    public string Namespace =>
        Port == (Secure ? SecurePort : PlainPort) ? Host : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    /// <summary>The resource that tokens are made for; links of the hub lie below it.</summary>
    public string Audience => $"sb://{Host}/{Hub}".ToLowerInvariant();

    /// <param name="connectionString"><c>Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…</c>.</param>
    /// <param name="hub">The hub; null where the string has <c>EntityPath</c>.</param>
    /// <exception cref="ArgumentException">Something is missing, or both name a hub and differ.</exception>
    public static HubAddress Parse(string connectionString, string? hub)
    {
        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in connectionString.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
                throw Malformed($"a part without \"=\" stands in it");
            parts[part[..equals]] = part[(equals + 1)..];
        }

        if (!Uri.TryCreate(Required("Endpoint"), UriKind.Absolute, out var endpoint) || endpoint.Scheme != "sb")
            throw Malformed("Endpoint is not of the form sb://host");
        var entityPath = parts.GetValueOrDefault("EntityPath");
        if (hub is not null && entityPath is not null && !string.Equals(hub, entityPath, StringComparison.OrdinalIgnoreCase))
            throw Malformed($"its EntityPath is \"{entityPath}\", but the event hub asked for is \"{hub}\"");
        var emulator = string.Equals(parts.GetValueOrDefault("UseDevelopmentEmulator"), "true", StringComparison.OrdinalIgnoreCase);
        return new HubAddress
        {
            Host = endpoint.Host,
            Port = endpoint.Port > 0 ? endpoint.Port : emulator ? PlainPort : SecurePort,
            Secure = !emulator,
            KeyName = Required("SharedAccessKeyName"),
            Key = Required("SharedAccessKey"),
            Hub = hub ?? entityPath ?? throw Malformed("it names no event hub by EntityPath, and none was given"),
        };

        string Required(string name) =>
            parts.TryGetValue(name, out var value) && value.Length > 0 ? value : throw Malformed($"{name} is missing");

        // The string itself holds a key, so it is never part of a message.
        static ArgumentException Malformed(string what) =>
            new($"The Event Hubs connection string cannot be used: {what}.", nameof(connectionString));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}/{Hub}");
}
