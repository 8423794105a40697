using System.Globalization;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;

namespace BuildingMgmt.LocalStack.Data;

/// <summary>Lets one stack at a time work on a data folder.</summary>
internal sealed class DataFolderLock : IDisposable
{
    private readonly FileStream file;

    private DataFolderLock(FileStream file) => this.file = file;

    /// <exception cref="ServiceFailedException">Another stack works on the folder.</exception>
    public static DataFolderLock Enter(string dataFolder)
    {
        var holder = Path.Combine(dataFolder, "lock.pid");
        if (FileGate.TryEnter(Path.Combine(dataFolder, "lock")) is not { } file)
        {
            var processId = File.Exists(holder) ? $" (process {File.ReadAllText(holder).Trim()})" : "";
            throw new ServiceFailedException(
                $"Another stack{processId} runs on \"{dataFolder}\". Stop it, or give this one a folder of its own with --data.");
        }

        // A file of its own: where locks are mandatory, the locked one cannot be read.
        File.WriteAllText(holder, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return new(file);
    }

    public void Dispose() => file.Dispose();
}
