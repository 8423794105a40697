using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Durable.Execution;

/// <summary>How much an event carries, so that what is held or sent together can be bounded by it, and not by numbers of events alone.</summary>
internal static class PayloadSizes
{
    private const int CharsOfOneWeight = 500;

    /// <summary>1 and 1 more for each 500 characters.</summary>
    public static int Weight(this HistoryEvent happened) => Weight(Chars(happened));

    /// <inheritdoc cref="Weight(HistoryEvent)"/>
    public static int Weight(long chars) => (int)Math.Min(int.MaxValue / 1_000, 1 + chars / CharsOfOneWeight);

    private static long Chars(HistoryEvent happened) => happened switch
    {
        ExecutionStarted started => Chars(started.Input),
        TaskScheduled task => Chars(task.Input),
        TaskCompleted done => Chars(done.Output),
        TaskFailed failed => Chars(failed.Failure),
        ChildCreated child => Chars(child.Input),
        ChildCompleted done => Chars(done.Output),
        ChildFailed failed => Chars(failed.Failure),
        EventSent sent => Chars(sent.Payload),
        EventRaised raised => Chars(raised.Payload),
        ExecutionTerminated terminated => Chars(terminated.Output),
        ExecutionCompleted end => Chars(end.Output) + Chars(end.Failure),
        _ => 0,
    };

    private static long Chars(TaskFailureDetails? failure)
    {
        long chars = 0;
        for (; failure is not null; failure = failure.InnerFailure)
            chars += Chars(failure.ErrorMessage) + Chars(failure.StackTrace);
        return chars;
    }

    private static int Chars(string? text) => text?.Length ?? 0;
}
