using System.Globalization;
using BuildingMgmt.LocalRuntime.Durable.Functions;
using BuildingMgmt.LocalRuntime.EventHubs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;

namespace BuildingMgmt.LocalRuntime.Configuration;

/// <summary>
/// host.json, with <c>AzureFunctionsJobHost__…</c> of the environment above it. Whatever is not honoured here is an error that names it:
/// a setting without effect would be found out on Azure only.
/// </summary>
internal sealed record HostJson
{
    private const string FileName = "host.json";
    private const string EnvironmentPrefix = "AzureFunctionsJobHost__";

    /// <summary>Route prefix of all HTTP functions. The real host's default.</summary>
    public string RoutePrefix { get; init; } = "api";

    /// <summary>Longest run of a function; the real host's default.</summary>
    public TimeSpan FunctionTimeout { get; init; } = TimeSpan.FromMinutes(30);

    public EventHubSettings EventHubs { get; init; } = new();

    public DurableSettings Durable { get; init; } = new();

    /// <summary>Log levels by category.</summary>
    public IReadOnlyDictionary<string, string?> LogLevels { get; init; } = new Dictionary<string, string?>();

    /// <summary>Whether there are settings of a Durable storage provider, which belong to Azure's.</summary>
    public bool HasStorageProvider { get; init; }

    /// <exception cref="FunctionWorkerException">Names every setting that is unknown, not honoured or not of its type.</exception>
    public static HostJson Read(string folder)
    {
        IConfigurationRoot root;
        try
        {
            root = new ConfigurationBuilder()
                .AddJsonFile(Path.Combine(folder, FileName), optional: true)
                .AddEnvironmentVariables(EnvironmentPrefix)
                .Build();
        }
        catch (InvalidDataException e)
        {
            throw new FunctionWorkerException($"{FileName} in {folder} is no JSON: {e.InnerException?.Message ?? e.Message}", e);
        }

        var reader = new HostJsonReader(root);
        var version = reader.Text("version", "2.0");
        if (version != "2.0")
            reader.Error("version", $"is \"{version}\"; it must be \"2.0\"");
        var hubs = new EventHubSettings();
        var settings = new HostJson
        {
            RoutePrefix = reader.Text("extensions:http:routePrefix", "api").Trim('/'),
            FunctionTimeout = reader.Text("functionTimeout", "") is "-1"
                ? Timeout.InfiniteTimeSpan
                : reader.Time("functionTimeout", TimeSpan.FromMinutes(30), TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            EventHubs = hubs with
            {
                MaxEventBatchSize = reader.Number("extensions:eventHubs:maxEventBatchSize", hubs.MaxEventBatchSize, 1, 100_000),
                MinEventBatchSize = reader.Number("extensions:eventHubs:minEventBatchSize", hubs.MinEventBatchSize, 1, 100_000),
                MaxWaitTime = reader.Time("extensions:eventHubs:maxWaitTime", hubs.MaxWaitTime, TimeSpan.Zero, TimeSpan.FromMinutes(10)),
                BatchCheckpointFrequency = reader.Number("extensions:eventHubs:batchCheckpointFrequency", hubs.BatchCheckpointFrequency, 1, int.MaxValue),
                PrefetchCount = reader.Number("extensions:eventHubs:prefetchCount", hubs.PrefetchCount, 0, 100_000),
                PrefetchSizeInBytes = reader.Number("extensions:eventHubs:prefetchSizeInBytes", (int)hubs.PrefetchSizeInBytes, 1, int.MaxValue),
                LoadBalancingUpdateInterval = reader.Time(
                    "extensions:eventHubs:loadBalancingUpdateInterval", hubs.LoadBalancingUpdateInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
                PartitionOwnershipExpirationInterval = reader.Time(
                    "extensions:eventHubs:partitionOwnershipExpirationInterval", hubs.PartitionOwnershipExpirationInterval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
                InitialPosition = InitialPosition(reader),
            },
            Durable = DurableSettings.Read(reader),
            LogLevels = reader.Section("logging:logLevel"),
            HasStorageProvider = reader.Section("extensions:durableTask:storageProvider").Count > 0,
        };
        if (settings.EventHubs.MinEventBatchSize > settings.EventHubs.MaxEventBatchSize)
            reader.Error("extensions:eventHubs:minEventBatchSize", "is larger than maxEventBatchSize");
        if (reader.Text("extensions:eventHubs:transportType", "amqpTcp") is var transport && !transport.Equals("amqpTcp", StringComparison.OrdinalIgnoreCase))
            reader.Error("extensions:eventHubs:transportType", $"is \"{transport}\"; only \"amqpTcp\" is served locally");
        reader.ThrowIfErrors(FileName);
        return settings;
    }

    private static StartPosition InitialPosition(HostJsonReader reader)
    {
        const string type = "extensions:eventHubs:initialOffsetOptions:type";
        const string time = "extensions:eventHubs:initialOffsetOptions:enqueuedTimeUtc";
        var from = reader.Text(time, "");
        switch (reader.Text(type, "fromStart").ToLowerInvariant())
        {
            case "fromstart":
                return StartPosition.Earliest;
            case "fromend":
                return StartPosition.Latest;
            case "fromenqueuedtime":
                if (DateTimeOffset.TryParse(from, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var enqueued))
                    return StartPosition.AfterTime(enqueued);
                reader.Error(time, $"is \"{from}\"; with type fromEnqueuedTime it must be a UTC time such as 2026-01-31T00:00:00Z");
                return StartPosition.Earliest;
            default:
                reader.Error(type, $"is \"{reader.Text(type, "")}\"; it must be fromStart, fromEnd or fromEnqueuedTime");
                return StartPosition.Earliest;
        }
    }
}
