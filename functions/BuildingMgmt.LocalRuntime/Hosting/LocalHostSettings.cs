using System.Reflection;

namespace BuildingMgmt.LocalRuntime.Hosting;

/// <summary>What a host is made from. The app's own comes from its entry assembly; tests make theirs.</summary>
internal sealed record LocalHostSettings
{
    public string[] Args { get; init; } = [];

    /// <summary>Where host.json and local.settings.json lie.</summary>
    public required string Folder { get; init; }

    /// <summary>Types whose public methods with a Function attribute are the app's functions.</summary>
    public required IReadOnlyList<Type> FunctionTypes { get; init; }

    /// <summary>Settings over all others.</summary>
    public IReadOnlyDictionary<string, string?> Configuration { get; init; } = new Dictionary<string, string?>();

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Ends the host when standard input closes (or by EXIT_WITH_PARENT=1).</summary>
    public bool WatchStandardInput { get; init; }

    public static LocalHostSettings OfEntryAssembly(string[] args)
    {
        var assembly = Assembly.GetEntryAssembly()
            ?? throw new InvalidOperationException("The process has no entry assembly, so there is none to find functions in.");
        return new LocalHostSettings
        {
            Args = args,
            Folder = AppContext.BaseDirectory,
            FunctionTypes = assembly.GetTypes(),
            WatchStandardInput = Environment.GetEnvironmentVariable("EXIT_WITH_PARENT") == "1",
        };
    }
}
