using System.Text.RegularExpressions;
using BuildingMgmt.LocalRuntime.Configuration;
using BuildingMgmt.LocalRuntime.Durable.Workers;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;

namespace BuildingMgmt.LocalRuntime.Durable.Functions;

/// <summary>The section <c>extensions.durableTask</c> of host.json. Defaults are the real extension's unless said.</summary>
internal sealed partial record DurableSettings
{
    private const string DefaultHubName = "TestHubName";
    private const int HubNameCharsMax = 45;

    private static readonly string HubNameRule = $"a hub's name is a letter, then letters and digits, 3 to {HubNameCharsMax} in all";

    /// <summary>The hub as written; null when it is not said.</summary>
    public string? HubName { get; init; }

    /// <summary>Activities that run in this process at once.</summary>
    public int MaxConcurrentActivityFunctions { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>Steps of orchestrators that run in this process at once.</summary>
    public int MaxConcurrentOrchestratorFunctions { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>Whether orchestrators stay in memory between their steps. Default here true, for the real extension's false: only the speed tells.</summary>
    public bool ExtendedSessionsEnabled { get; init; } = true;

    /// <summary>How long an orchestrator at rest stays in memory.</summary>
    public int ExtendedSessionIdleTimeoutInSeconds { get; init; } = 30;

    public static DurableSettings Read(HostJsonReader reader)
    {
        const string section = "extensions:durableTask:";
        var defaults = new DurableSettings();
        var name = reader.Text($"{section}hubName", "");
        if (name.Length > 0 && !name.Contains('%') && !AllowedHubName().IsMatch(name))
            reader.Error($"{section}hubName", $"is \"{name}\"; {HubNameRule}");
        return new DurableSettings
        {
            HubName = name.Length > 0 ? name : null,
            MaxConcurrentActivityFunctions = reader.Number(
                $"{section}maxConcurrentActivityFunctions", defaults.MaxConcurrentActivityFunctions, 1, 10_000),
            MaxConcurrentOrchestratorFunctions = reader.Number(
                $"{section}maxConcurrentOrchestratorFunctions", defaults.MaxConcurrentOrchestratorFunctions, 1, 10_000),
            ExtendedSessionsEnabled = reader.Flag($"{section}extendedSessionsEnabled", defaults.ExtendedSessionsEnabled),
            ExtendedSessionIdleTimeoutInSeconds = reader.Number(
                $"{section}extendedSessionIdleTimeoutInSeconds", defaults.ExtendedSessionIdleTimeoutInSeconds, 0, 86_400),
        };
    }

    public DurableWorkerSettings Worker() => new()
    {
        MaxConcurrentActivities = MaxConcurrentActivityFunctions,
        MaxConcurrentOrchestrators = MaxConcurrentOrchestratorFunctions,
        ExtendedSessions = ExtendedSessionsEnabled,
        ExtendedSessionIdle = TimeSpan.FromSeconds(ExtendedSessionIdleTimeoutInSeconds),
    };

    /// <summary>The hub's name, with its settings put in.</summary>
    /// <exception cref="FunctionWorkerException">A setting is missing, or the name breaks the rules.</exception>
    public string ResolveHub(IConfiguration configuration)
    {
        const string place = "host.json: \"extensions.durableTask.hubName\"";
        if (HubName is null)
            return Fitting(configuration["WEBSITE_SITE_NAME"]);
        var name = SettingReference.Resolve(HubName, configuration, place);
        if (!AllowedHubName().IsMatch(name))
            throw new FunctionWorkerException($"{place} is \"{name}\"; {HubNameRule}.");
        return name;
    }

    // The real extension makes a name that was not chosen fit, where it would refuse a chosen one.
    private static string Fitting(string? site)
    {
        var name = new string([.. (site ?? "").Where(char.IsAsciiLetterOrDigit)]);
        if (name.Length == 0)
            return DefaultHubName;
        if (!char.IsAsciiLetter(name[0]))
            name = $"t{name}";
        return name.Length < 3 ? $"{name}Hub" : name[..Math.Min(name.Length, HubNameCharsMax)];
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9]{2,44}\\z")]
    private static partial Regex AllowedHubName();
}
