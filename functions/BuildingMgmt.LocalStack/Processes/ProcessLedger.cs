using System.Diagnostics;
using System.Text.Json;
using BuildingMgmt.LocalStack.Setup;

namespace BuildingMgmt.LocalStack.Processes;

/// <summary>
/// The processes that work on one data folder, written down in <c>processes.json</c> there. A stack that was killed
/// leaves its list behind, and by it the next start ends what was left over: by id and start time, never by name.
/// </summary>
public sealed class ProcessLedger(string dataFolder)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    private readonly string path = Path.Combine(dataFolder, "processes.json");
    private readonly Lock gate = new();
    private readonly Dictionary<int, Entry> entries = [];

    /// <summary>Ends what an earlier stack left over on this data: first in order, after 5 seconds by force.</summary>
    /// <param name="tell">Gets a line for each service that was ended, and for a list that cannot be read.</param>
    public async Task EndOrphansAsync(Action<string> tell, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tell);
        if (!File.Exists(path))
            return;
        foreach (var entry in await ReadAsync(tell, cancellationToken))
        {
            if (await EndAsync(entry, cancellationToken))
                tell($"Ended \"{entry.Name}\", left over from a stack that was killed.");
        }

        File.Delete(path);
    }

    internal void Add(string name, ProcessIdentity identity, UnixSignal stopSignal)
    {
        lock (gate)
        {
            entries[identity.ProcessId] = new(name, identity, stopSignal);
            Save();
        }
    }

    internal void Remove(int processId)
    {
        lock (gate)
        {
            if (entries.Remove(processId))
                SaveIfPossible();
        }
    }

    // An entry too many is harmless: the next start looks whether that very process still runs.
    private void SaveIfPossible()
    {
        try
        {
            Save();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The disk is full, and a service that has ended must be noticed all the same.
        }
    }

    private async Task<IReadOnlyList<Entry>> ReadAsync(Action<string> tell, CancellationToken cancellationToken)
    {
        try
        {
            var entries = JsonSerializer.Deserialize<List<Entry?>>(await File.ReadAllTextAsync(path, cancellationToken), Json);
            return entries?.Select(entry => entry ?? throw new JsonException("An entry is null.")).ToList()
                ?? throw new JsonException("It is null.");
        }
        catch (JsonException)
        {
            // Cut short by a full disk or a crash: then nothing is known, and a service that still runs shows by its port.
            tell($"\"{path}\" cannot be read and is taken for empty: what a stack that was killed left over, if anything, still runs.");
            return [];
        }
    }

    private void Save() => PrivateFiles.Write(path, JsonSerializer.Serialize(entries.Values, Json));

    private static async Task<bool> EndAsync(Entry entry, CancellationToken cancellationToken)
    {
        if (!entry.Process.IsRunning())
            return false;
        Process process;
        try
        {
            process = Process.GetProcessById(entry.Process.ProcessId);
        }
        catch (ArgumentException)
        {
            return false;
        }

        using (process)
        {
            process.Send(entry.StopSignal);
            if (!await IsGoneAsync(entry.Process, TimeSpan.FromSeconds(5), cancellationToken))
            {
                process.Send(UnixSignal.Kill);
                await IsGoneAsync(entry.Process, TimeSpan.FromSeconds(5), cancellationToken);
            }
        }

        return true;
    }

    // Not a child of this process, so nothing tells when it ends.
    private static async Task<bool> IsGoneAsync(ProcessIdentity process, TimeSpan patience, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        while (process.IsRunning())
        {
            if (Stopwatch.GetElapsedTime(began) > patience)
                return false;
            await Task.Delay(50, cancellationToken);
        }

        return true;
    }

    private sealed record Entry(string Name, ProcessIdentity Process, UnixSignal StopSignal);
}
