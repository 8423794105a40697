namespace BuildingMgmt.Testing;

/// <summary>An empty folder of its own for one test or fixture, deleted when disposed.</summary>
public sealed class ScratchFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("building-mgmt-").FullName;

    /// <summary>A path within the folder.</summary>
    public string File(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
