namespace BuildingMgmt.LocalStack.Processes;

/// <summary>How one service is started.</summary>
public sealed record ServiceCommand
{
    /// <summary>The service as people know it, for example <c>postgres</c> or <c>app-0</c>.</summary>
    public required string Name { get; init; }

    public required string FileName { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Added to this process's own environment. Secrets go here: a command line is for all to see.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public string? WorkingFolder { get; init; }

    /// <summary>Where its output goes; null keeps only the last lines, in memory.</summary>
    public string? LogPath { get; init; }

    /// <summary>Also gets each line of its standard output.</summary>
    public Action<string>? OnLine { get; init; }

    /// <summary>The signal that ends this service in order.</summary>
    public UnixSignal StopSignal { get; init; } = UnixSignal.Terminate;

    /// <summary>How long the service may take to end in order before it is killed.</summary>
    public TimeSpan StopPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// True when the service ends by itself once its standard input closes; otherwise a guard process waits for that
    /// moment (this process gone, however it went) and sends the stop signal.
    /// </summary>
    public bool EndsWithInput { get; init; }

    /// <summary>Where the process is written down, so that a later start recognises it as left over.</summary>
    public ProcessLedger? Ledger { get; init; }
}
