using BuildingMgmt.LocalRuntime.Durable.Workers;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Simulation;

/// <summary>Runs steps and activities on their process's own context, in simulated time.</summary>
internal sealed class SimulatedScheduler(SimulatedProcess process) : IStepScheduler
{
    public async Task<T> RunStepAsync<T>(Func<Task<T>> step)
    {
        await process.DelayAsync(process.World.Between(0, 2));
        var result = await step();
        await process.DelayAsync(process.World.Between(0, process.World.Chance(0.02) ? 3_000 : 2));
        return result;
    }

    public async Task<T> RunActivityAsync<T>(Func<Task<T>> activity) => await activity();

    public Task<T> CallStoreAsync<T>(Func<Task<T>> call) => call();
}
