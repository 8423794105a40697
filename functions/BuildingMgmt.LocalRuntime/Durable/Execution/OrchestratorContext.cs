using System.Globalization;
using BuildingMgmt.LocalRuntime.Durable.Client;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Durable.Execution;

/// <summary>The context that the code sees. What the code does becomes <see cref="Actions"/>, what it waits for <see cref="Tasks"/> and <see cref="Events"/>.</summary>
internal sealed partial class OrchestratorContext : TaskOrchestrationContext
{
    private readonly string instanceId;
    private readonly int execution;
    private readonly StepThread thread;
    private readonly Payloads payloads;
    private readonly RetryLoop retries;
    private int ids;
    private int guids;

    public OrchestratorContext(string instanceId, int execution, StepThread thread, Payloads payloads, ILoggerFactory loggers)
    {
        this.instanceId = instanceId;
        this.execution = execution;
        this.thread = thread;
        this.payloads = payloads;
        LoggerFactory = loggers;
        Events = new(thread);
        var log = CreateReplaySafeLogger<OrchestrationExecution>();
        retries = new(this, (name, attempt, failure) => log.TaskRetried(instanceId, name, attempt, failure.ToString()));
    }

    /// <summary>Set before the code runs.</summary>
    public ExecutionStarted? Start { get; set; }

    public DateTimeOffset Time { get; set; }

    public bool Replaying { get; set; }

    /// <summary>What the code did and nobody has taken from here yet.</summary>
    public Queue<ActionEvent> Actions { get; } = new();

    public Dictionary<int, OpenTask> Tasks { get; } = [];

    /// <summary>Timers that the code has cancelled since this was emptied.</summary>
    public List<OpenTask> CancelledTimers { get; } = [];

    public ExternalEvents Events { get; }

    public string? CustomStatus { get; private set; }

    /// <summary>Whether the code has set it in this step, be it to null.</summary>
    public bool CustomStatusIsSet { get; private set; }

    /// <summary>Null while the code has not asked for the next execution.</summary>
    public Continuation? Next { get; private set; }

    public override TaskName Name => Started.Name;

    public override string InstanceId => instanceId;

    public override ParentOrchestrationInstance? Parent =>
        Started.Parent is { } parent ? new(parent.Name, parent.InstanceId) : null;

    public override DateTime CurrentUtcDateTime => Time.UtcDateTime;

    public override bool IsReplaying => Replaying;

    public override string Version => Started.Version ?? "";

    protected override ILoggerFactory LoggerFactory { get; }

    private ExecutionStarted Started => Start ?? throw new InvalidOperationException("The orchestration has not started.");

    /// <summary>What earlier steps set was written with them, and is not written again.</summary>
    public void ForgetCustomStatus() => (CustomStatus, CustomStatusIsSet) = (null, false);

    public override T? GetInput<T>()
        where T : default
    {
        thread.Check();
        return payloads.Read<T>(Started.Input, $"The input of orchestration \"{Started.Name}\"");
    }

    public override Guid NewGuid()
    {
        thread.Check();
        // The text that the real worker makes its GUIDs of.
        return NamedGuid.Of(string.Create(CultureInfo.InvariantCulture, $"{instanceId}_{CurrentUtcDateTime:o}_{guids++}"));
    }

    public override void SetCustomStatus(object? customStatus)
    {
        thread.Check();
        CustomStatus = payloads.Write(customStatus, "The custom status");
        CustomStatusIsSet = true;
    }

    public override void SendEvent(string instanceId, string eventName, object payload)
    {
        thread.Check();
        InstanceIds.CheckInner(instanceId);
        TaskNames.Check(eventName, "An event's name", nameof(eventName));
        var text = payloads.Write(payload, $"The payload of event \"{eventName}\"");
        Actions.Enqueue(new EventSent(ids++, instanceId, eventName, text));
    }

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default)
    {
        thread.Check();
        TaskNames.Check(eventName, "An event's name", nameof(eventName));
        return Events.Wait(eventName, payload => payloads.Read<T>(payload, $"The payload of event \"{eventName}\"")!, cancellationToken);
    }

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) =>
        ContinueAsNew(new ContinueAsNewOptions { NewInput = newInput, PreserveUnprocessedEvents = preserveUnprocessedEvents });

    public override void ContinueAsNew(ContinueAsNewOptions options)
    {
        thread.Check();
        ArgumentNullException.ThrowIfNull(options);
        var input = payloads.Write(options.NewInput, $"The new input of orchestration \"{Started.Name}\"");
        TaskNames.CheckVersion(options.NewVersion, nameof(options));
        var version = string.IsNullOrWhiteSpace(options.NewVersion) ? Started.Version : options.NewVersion;
        Next = new(Started with { Input = input, Version = version }, options.PreserveUnprocessedEvents, Next?.Late ?? []);
    }

    /// <summary>What the code asked for.</summary>
    /// <param name="Late">Events that came after it had asked: they are for the next execution in any case.</param>
    internal sealed record Continuation(ExecutionStarted Start, bool KeepEvents, List<EventRaised> Late);
}
