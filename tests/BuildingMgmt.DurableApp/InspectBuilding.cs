using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace BuildingMgmt.DurableApp;

/// <summary>One orchestration of everything: a fan-out with retries, a sub-orchestration, a timer and an external event.</summary>
public static class InspectBuilding
{
    /// <summary>Name of the event that it waits for before it ends; its payload is added to the result.</summary>
    public const string Approved = "approved";

    public const int Zones = 20;

    private static readonly TaskOptions Patiently = new(new TaskRetryOptions(new RetryPolicy(
        maxNumberOfAttempts: 8, firstRetryInterval: TimeSpan.FromMilliseconds(50), backoffCoefficient: 2)));

    [Function(nameof(InspectBuilding))]
    public static async Task<int> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var building = context.GetInput<int>();
        context.SetCustomStatus("inspecting");
        var zones = Enumerable.Range(0, Zones).Select(zone =>
            context.CallActivityAsync<int>(nameof(InspectZone), new Zone(building, zone), Patiently));
        var sum = (await Task.WhenAll(zones)).Sum();
        await context.CreateTimer(TimeSpan.FromMilliseconds(300), CancellationToken.None);
        sum += await context.CallSubOrchestratorAsync<int>(nameof(InspectRoof), building);
        context.SetCustomStatus("waiting");
        sum += await context.WaitForExternalEvent<int>(Approved);
        return sum;
    }

    [Function(nameof(InspectRoof))]
    public static async Task<int> InspectRoof([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var building = context.GetInput<int>();
        var first = await context.CallActivityAsync<int>(nameof(InspectZone), new Zone(building, Zones), Patiently);
        await context.CreateTimer(TimeSpan.FromMilliseconds(100), CancellationToken.None);
        return first + await context.CallActivityAsync<int>(nameof(InspectZone), new Zone(building, Zones + 1), Patiently);
    }
}

public sealed record Zone(int Building, int Number)
{
    /// <summary>What its inspection finds, the same every time.</summary>
    public int Finding => (Building * 31) + (Number * Number);

    /// <summary>Key under which its effect happens once.</summary>
    public string Key => FormattableString.Invariant($"{Building}/{Number}");
}

public sealed class InspectZone(EffectLog effects)
{
    /// <summary>Fails at its first attempt in every fourth zone, before its effect in one half of them and after it in the other.</summary>
    [Function(nameof(InspectZone))]
    public async Task<int> RunAsync([ActivityTrigger] Zone zone, CancellationToken cancellationToken)
    {
        var first = await effects.AttemptAsync(zone.Key, cancellationToken).ConfigureAwait(false) == 1;
        if (first && zone.Number % 8 == 1)
            throw new InvalidOperationException($"Zone {zone.Key} does not answer.");
        await effects.ApplyAsync(zone.Key, zone.Finding, cancellationToken).ConfigureAwait(false);
        if (first && zone.Number % 8 == 5)
            throw new InvalidOperationException($"Zone {zone.Key} answered, but broke off.");
        return zone.Finding;
    }
}
