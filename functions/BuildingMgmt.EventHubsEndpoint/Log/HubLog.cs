using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.EventHubsEndpoint.Log;

/// <summary>All partitions of the hub, in one folder that one process may use at a time.</summary>
internal sealed class HubLog : IDisposable
{
    /// <summary>Partitions of a hub that is started for the first time without saying how many.</summary>
    public const int PartitionsByDefault = 4;

    public const int PartitionsMax = 32;

    private readonly FileStream _lock;
    private readonly Retention _retention;

    private HubLog(string name, DateTimeOffset createdAt, PartitionLog[] partitions, FileStream folderLock, Retention retention)
    {
        Name = name;
        CreatedAt = createdAt;
        Partitions = partitions;
        _lock = folderLock;
        _retention = retention;
    }

    public string Name { get; }

    public DateTimeOffset CreatedAt { get; }

    /// <summary>By partition id, "0" and up.</summary>
    public IReadOnlyList<PartitionLog> Partitions { get; }

    /// <summary>Opens the hub in a folder, or creates it.</summary>
    /// <param name="partitions">Null takes what the hub has, or <see cref="PartitionsByDefault"/>.</param>
    /// <exception cref="StartException">The folder belongs to a running process, or to a hub with another name or number of partitions.</exception>
    public static HubLog Open(string folder, string name, int? partitions, LogOptions options, TimeProvider time, ILogger logger)
    {
        Directory.CreateDirectory(folder);
        var folderLock = Lock(folder);
        try
        {
            var description = Describe(folder, name, partitions, time);
            var perPartition = options with { RetentionBytes = options.RetentionBytes / description.Partitions };
            var logs = Enumerable.Range(0, description.Partitions)
                .Select(id => id.ToString(CultureInfo.InvariantCulture))
                .Select(id => PartitionLog.Open(id, Path.Combine(folder, id), perPartition, time, logger))
                .ToArray();
            return new HubLog(name, description.CreatedAt, logs, folderLock, new Retention(logs, perPartition, time, logger));
        }
        catch
        {
            folderLock.Dispose();
            throw;
        }
    }

    public PartitionLog? Find(string partitionId) => Partitions.FirstOrDefault(partition => partition.Id == partitionId);

    public void Dispose()
    {
        _retention.Dispose();
        foreach (var partition in Partitions)
            partition.Dispose();
        _lock.Dispose();
    }

    private static FileStream Lock(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new StartException(
                $"The data folder \"{folder}\" is used by another Event Hubs endpoint: stop that one, or give another folder by --data.");
        }
    }

    private static HubDescription Describe(string folder, string name, int? partitions, TimeProvider time)
    {
        var path = Path.Combine(folder, "hub.json");
        if (!File.Exists(path))
        {
            var created = new HubDescription(name, partitions ?? PartitionsByDefault, time.GetUtcNow());
            using (var file = File.Create(path + ".new"))
            {
                JsonSerializer.Serialize(file, created);
                // Before it has its name: after a power cut the name must not stand for an empty file.
                file.Flush(flushToDisk: true);
            }
            File.Move(path + ".new", path);
            return created;
        }

        var found = Read(path)
            ?? throw new StartException($"\"{path}\" does not describe a hub: remove the data folder to start anew.");
        if (found.Name != name)
        {
            throw new StartException(
                $"The data folder \"{folder}\" holds the hub \"{found.Name}\", not \"{name}\": give its name by --hub, or another folder by --data.");
        }
        if (partitions is { } wanted && wanted != found.Partitions)
        {
            throw new StartException(
                $"The hub \"{name}\" has {found.Partitions} partitions, and --partitions says {wanted}. The number is fixed at the first "
                + $"start, because events stay where their partition key put them: say {found.Partitions}, or give an empty folder by --data.");
        }
        return found;
    }

    private static HubDescription? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<HubDescription>(File.ReadAllText(path));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record HubDescription(string Name, int Partitions, DateTimeOffset CreatedAt);
}
