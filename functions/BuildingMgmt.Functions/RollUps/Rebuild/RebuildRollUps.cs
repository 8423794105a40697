using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace BuildingMgmt.Functions.RollUps.Rebuild;

/// <summary>What is rebuilt, and how far it is.</summary>
/// <param name="BuildingId">Null rebuilds all.</param>
/// <param name="From">First day, of the building's calendar.</param>
/// <param name="To">Last day.</param>
/// <param name="Buildings">Those that are rebuilt, once they are known.</param>
/// <param name="DaysDone">Days of buildings that are done.</param>
/// <param name="Result">What they have shown.</param>
public sealed record RebuildPlan(
    Guid? BuildingId, DateOnly From, DateOnly To, IReadOnlyList<Guid>? Buildings, int DaysDone, RebuildResult Result);

/// <summary>How far a rebuild is: the orchestration's custom status.</summary>
public sealed record RebuildProgress(int DaysDone, int DaysTotal, RebuildResult Result);

/// <summary>One day of one building.</summary>
public sealed record BuildingDay(Guid BuildingId, DateOnly Day);

/// <summary>
/// Rebuilds day after day, one at a time: whoever rolls up takes turns anyway, and what is rolled up for the first time must not wait.
/// </summary>
public static class RebuildRollUps
{
    // Then it begins anew, so that the history stays short.
    private const int DaysPerExecution = 100;

    private static readonly TaskOptions Patiently = new(new TaskRetryOptions(new RetryPolicy(
        maxNumberOfAttempts: 8, firstRetryInterval: TimeSpan.FromSeconds(2), backoffCoefficient: 2, maxRetryInterval: TimeSpan.FromMinutes(1))));

    /// <summary>Runs to the end of the plan; its output is what it has shown.</summary>
    [Function(nameof(RebuildRollUps))]
    public static async Task<RebuildResult> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var plan = context.GetInput<RebuildPlan>()!;
        var buildings = plan.Buildings
            ?? await context.CallActivityAsync<Guid[]>(nameof(RebuildActivities.PrepareRebuild), plan, Patiently);
        var days = plan.To.DayNumber - plan.From.DayNumber + 1;
        var total = buildings.Count * days;
        var result = plan.Result;
        var end = Math.Min(total, plan.DaysDone + DaysPerExecution);
        for (var done = plan.DaysDone; done < end; done++)
        {
            context.SetCustomStatus(new RebuildProgress(done, total, result));
            var day = new BuildingDay(buildings[done / days], plan.From.AddDays(done % days));
            result = result.Add(await context.CallActivityAsync<RebuildResult>(nameof(RebuildActivities.RebuildDay), day, Patiently));
        }

        context.SetCustomStatus(new RebuildProgress(end, total, result));
        if (end < total)
            context.ContinueAsNew(plan with { Buildings = buildings, DaysDone = end, Result = result });
        return result;
    }
}

/// <summary>The steps of <see cref="RebuildRollUps"/>. Each may be done again.</summary>
public sealed class RebuildActivities(RollUpRun run, RollUpRebuild rebuild)
{
    /// <summary>Rolls up what is recorded, so that it does not count as a difference, and names the buildings.</summary>
    [Function(nameof(PrepareRebuild))]
    public async Task<Guid[]> PrepareRebuild([ActivityTrigger] RebuildPlan plan, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        await run.RunAsync(cancellationToken);
        return plan.BuildingId is { } id ? [id] : await rebuild.BuildingsAsync(cancellationToken);
    }

    /// <summary>Compares one day and stores what differs.</summary>
    [Function(nameof(RebuildDay))]
    public Task<RebuildResult> RebuildDay([ActivityTrigger] BuildingDay day, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(day);
        return rebuild.RebuildDayAsync(day.BuildingId, day.Day, cancellationToken);
    }
}
