using System.Globalization;

namespace BuildingMgmt.LocalStack.Display;

/// <summary>A line when a step is done, and one for each quarter of a long one.</summary>
internal sealed class PlainStartDisplay(TextWriter output, TimeProvider time) : IStartDisplay, IStartSteps
{
    public Task ShowAsync(Func<IStartSteps, Task> start) => start(this);

    public IStartStep Begin(string title) => new Step(this, title, time.GetTimestamp());

    private void Write(string line)
    {
        lock (output)
            output.WriteLine(line);
    }

    private sealed class Step(PlainStartDisplay display, string title, long began) : IStartStep
    {
        private int quarter = -1;

        public void Report(double value)
        {
            if ((int)(value * 4) is var reached && reached <= quarter)
                return;
            quarter = reached;
            display.Write(string.Create(CultureInfo.InvariantCulture, $"{title}: {reached * 25} %"));
        }

        public void Done(string result) => display.Write(string.Create(
            CultureInfo.InvariantCulture, $"{title}: {result} ({display.Elapsed(began).TotalSeconds:0.0} s)"));
    }

    private TimeSpan Elapsed(long began) => time.GetElapsedTime(began);
}
