using Spectre.Console;

namespace BuildingMgmt.LocalStack.Display;

/// <summary>Shows how far the start is.</summary>
internal interface IStartDisplay
{
    /// <summary>Runs the start and shows its steps meanwhile.</summary>
    Task ShowAsync(Func<IStartSteps, Task> start);
}

internal interface IStartSteps
{
    /// <summary>Begins a step; several may run at once.</summary>
    IStartStep Begin(string title);
}

/// <summary>One step; it takes the share that is done (0 to 1) where that is known.</summary>
internal interface IStartStep : IProgress<double>
{
    /// <param name="result">What came of it, for example an address.</param>
    void Done(string result);
}

internal static class StartDisplay
{
    /// <summary>Bars on a terminal, plain lines elsewhere.</summary>
    public static IStartDisplay ForConsole() =>
        Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Interactive
            ? new PlainStartDisplay(Console.Out, TimeProvider.System)
            : new TerminalStartDisplay();
}
