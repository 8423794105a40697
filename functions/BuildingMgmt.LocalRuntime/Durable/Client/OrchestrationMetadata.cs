using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Microsoft.DurableTask.Client;

/// <summary>An orchestration as it stood when it was read.</summary>
public sealed class OrchestrationMetadata
{
    private const int PayloadCharsShown = 50;

    /// <summary>For the client that reads it.</summary>
    public OrchestrationMetadata(string name, string instanceId)
    {
        Name = name;
        InstanceId = instanceId;
    }

    /// <summary>Name of its orchestrator.</summary>
    public string Name { get; }

    /// <summary>Its id.</summary>
    public string InstanceId { get; }

    /// <summary>What the payloads are read by; null when they were not asked for.</summary>
    public DataConverter? DataConverter { get; init; }

    /// <summary>Where it stands.</summary>
    public OrchestrationRuntimeStatus RuntimeStatus { get; init; }

    /// <summary>When it was scheduled.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its last step was.</summary>
    public DateTimeOffset LastUpdatedAt { get; init; }

    /// <summary>Its input, if there is one and it was asked for.</summary>
    public string? SerializedInput { get; init; }

    /// <summary>Its output, if there is one and it was asked for.</summary>
    public string? SerializedOutput { get; init; }

    /// <summary>Its custom status, if there is one and payloads were asked for.</summary>
    public string? SerializedCustomStatus { get; init; }

    /// <summary>What it was tagged with.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Why it failed, if it did and payloads were asked for.</summary>
    public TaskFailureDetails? FailureDetails { get; init; }

    /// <summary>Its status is Running.</summary>
    public bool IsRunning => RuntimeStatus == OrchestrationRuntimeStatus.Running;

    /// <summary>It has ended, one way or another.</summary>
    public bool IsCompleted => RuntimeStatus is
        OrchestrationRuntimeStatus.Completed or OrchestrationRuntimeStatus.Failed or OrchestrationRuntimeStatus.Terminated;

    /// <summary>Its input.</summary>
    /// <exception cref="InvalidOperationException">Payloads were not asked for.</exception>
    public T? ReadInputAs<T>() => Converter().Deserialize<T>(SerializedInput);

    /// <summary>Its output.</summary>
    /// <exception cref="InvalidOperationException">Payloads were not asked for.</exception>
    public T? ReadOutputAs<T>() => Converter().Deserialize<T>(SerializedOutput);

    /// <summary>Its custom status.</summary>
    /// <exception cref="InvalidOperationException">Payloads were not asked for.</exception>
    public T? ReadCustomStatusAs<T>() => Converter().Deserialize<T>(SerializedCustomStatus);

    /// <summary>All of it in short, for logs.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture,
            $"[Name: '{Name}', ID: '{InstanceId}', RuntimeStatus: {RuntimeStatus}, CreatedAt: {CreatedAt:s}, LastUpdatedAt: {LastUpdatedAt:s}");
        Append(text, "Input", SerializedInput);
        Append(text, "Output", SerializedOutput);
        if (FailureDetails is { } failure)
            Append(text, "FailureDetails", $"{failure.ErrorType} - {failure.ErrorMessage}");
        return text.Append(']').ToString();
    }

    private static void Append(StringBuilder text, string name, string? payload)
    {
        if (payload is not null)
            text.Append(CultureInfo.InvariantCulture, $", {name}: '{(payload.Length > PayloadCharsShown ? $"{payload.AsSpan(0, PayloadCharsShown)}..." : payload)}'");
    }

    private DataConverter Converter() => DataConverter
        ?? throw new InvalidOperationException(
            $"Orchestration \"{InstanceId}\" was read without its payloads. Read it with getInputsAndOutputs (or FetchInputsAndOutputs): true.");
}
