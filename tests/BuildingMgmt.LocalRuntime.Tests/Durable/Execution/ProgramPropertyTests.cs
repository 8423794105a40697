using FsCheck.Xunit;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Execution;

public sealed class ProgramPropertyTests
{
    [Property(MaxTest = 300)]
    public void Program_kept_in_memory_comes_to_the_same_as_one_replayed_at_every_step(int seed)
    {
        var program = RandomProgram.Of(new Random(seed), confluent: false);
        AssertSame(new(program, seed, keep: true, doubles: false), new(program, seed, keep: false, doubles: false));
    }

    [Property(MaxTest = 200)]
    public void Doubled_messages_change_nothing(int seed)
    {
        var program = RandomProgram.Of(new Random(seed), confluent: false);
        AssertSame(new(program, seed, keep: true, doubles: false), new(program, seed, keep: true, doubles: true));
    }

    [Property(MaxTest = 100)]
    public void Doubled_messages_change_nothing_for_one_replayed_at_every_step(int seed)
    {
        var program = RandomProgram.Of(new Random(seed), confluent: false);
        AssertSame(new(program, seed, keep: false, doubles: false), new(program, seed, keep: false, doubles: true));
    }

    [Property(MaxTest = 200)]
    public void Order_of_messages_does_not_matter_to_a_program_that_does_not_ask_for_it(int seed)
    {
        var program = RandomProgram.Of(new Random(seed), confluent: true);
        var result = new SmallWorld(program, seed, keep: true, doubles: false).Run();
        for (var other = 1; other <= 5; other++)
            Assert.Equal(result, new SmallWorld(program, unchecked(seed + other), keep: other % 2 == 0, doubles: other % 3 == 0).Run());
    }

    private static void AssertSame(SmallWorld one, SmallWorld other)
    {
        Assert.Equal(one.Run(), other.Run());
        Assert.Equal(one.Histories, other.Histories);
    }
}
