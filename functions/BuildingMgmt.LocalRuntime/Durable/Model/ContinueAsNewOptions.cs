namespace Microsoft.DurableTask;

/// <summary>How an orchestration starts anew.</summary>
public class ContinueAsNewOptions
{
    /// <summary>Input of the next execution.</summary>
    public object? NewInput { get; set; }

    /// <summary>Version of the next execution; null or empty: the same.</summary>
    public string? NewVersion { get; set; }

    /// <summary>Whether events that no one has waited for go to the next execution. Default yes.</summary>
    public bool PreserveUnprocessedEvents { get; set; } = true;
}
