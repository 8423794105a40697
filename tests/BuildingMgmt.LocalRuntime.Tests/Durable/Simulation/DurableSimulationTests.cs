namespace BuildingMgmt.LocalRuntime.Tests.Durable.Simulation;

public sealed class DurableSimulationTests
{
    public static TheoryData<int> Tens => [.. Enumerable.Range(0, 20)];

    [Fact]
    public void Undisturbed_programs_give_the_results_that_they_must()
    {
        for (var seed = 1; seed <= 20; seed++)
            DurableSimulation.Run(seed, Faults.None);
    }

    [Theory]
    [MemberData(nameof(Tens))]
    public void Nothing_that_goes_wrong_changes_a_result_or_makes_a_step_twice(int ten)
    {
        for (var seed = 1_000 + 10 * ten; seed < 1_010 + 10 * ten; seed++)
            DurableSimulation.Run(seed);
    }

    [Fact]
    public void A_seed_gives_the_same_run_again()
    {
        Assert.Equal(DurableSimulation.Run(4_711), DurableSimulation.Run(4_711));
    }
}
