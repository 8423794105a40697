using Microsoft.Extensions.Logging.Abstractions;

namespace BuildingMgmt.Simulator.Tests;

public sealed class SimulatorCommandsTests
{
    [Theory]
    [InlineData("Fault \"hiccups\" is unknown. Choose from doubles, late,", "demo", "--run", "run.json", "--faults", "late,hiccups")]
    [InlineData("Speed \"fast\" is neither a number above 0 nor \"max\".", "replay", "folder", "--run", "run.json", "--speed", "fast")]
    public void Wrong_option_is_refused_with_its_reason_before_anything_is_done(string reason, params string[] arguments)
    {
        var parsed = SimulatorCommands.Create(TimeProvider.System, NullLogger.Instance).Parse(arguments);

        Assert.StartsWith(reason, Assert.Single(parsed.Errors).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("demo", "--run", "run.json")]
    [InlineData("demo", "--run", "run.json", "--faults", "all")]
    [InlineData("replay", "folder", "--run", "run.json", "--speed", "2.5")]
    public void Right_options_are_taken(params string[] arguments) =>
        Assert.Empty(SimulatorCommands.Create(TimeProvider.System, NullLogger.Instance).Parse(arguments).Errors);
}
