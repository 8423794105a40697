using Spectre.Console;

namespace BuildingMgmt.LocalStack.Display;

/// <summary>A bar for each step.</summary>
internal sealed class TerminalStartDisplay : IStartDisplay
{
    public Task ShowAsync(Func<IStartSteps, Task> start) =>
        AnsiConsole.Progress()
            .Columns(
                new SpinnerColumn { CompletedText = "✔" },
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn { Width = 30 },
                new ElapsedTimeColumn())
            .StartAsync(context => start(new Steps(context)));

    private sealed class Steps(ProgressContext context) : IStartSteps
    {
        public IStartStep Begin(string title) => new Step(context.AddTask(Markup.Escape(title)).IsIndeterminate(), title);
    }

    private sealed class Step(ProgressTask task, string title) : IStartStep
    {
        public void Report(double value)
        {
            task.IsIndeterminate = false;
            task.Value = value * task.MaxValue;
        }

        public void Done(string result)
        {
            task.Description = Markup.Escape($"{title}: {result}");
            Report(1);
            task.StopTask();
        }
    }
}
