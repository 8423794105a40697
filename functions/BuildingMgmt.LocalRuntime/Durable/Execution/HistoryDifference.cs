namespace BuildingMgmt.LocalRuntime.Durable.Execution;

/// <summary>Compares what the code does in replay with what its history says it did: kinds and names, as the real engine does.</summary>
internal static class HistoryDifference
{
    /// <param name="past">What the history has next; null when it has nothing more for the step.</param>
    /// <param name="now">What the code did next; null when it has done nothing more.</param>
    /// <returns>Null when they are the same; otherwise what differs.</returns>
    public static string? Between(ActionEvent? past, ActionEvent? now)
    {
        if (past is not null && now is not null && past.Id == now.Id && past.GetType() == now.GetType()
            && string.Equals(NameOf(past), NameOf(now), StringComparison.OrdinalIgnoreCase))
            return null;
        return $"Action #{(past ?? now)!.Id}: the history has {(past is null ? "nothing more here" : Text(past))}, "
            + $"the code {(now is null ? "has not come to it" : $"did {Text(now)}{(past is null || past.Id == now.Id ? "" : $" as #{now.Id}")}")}. "
            + "The code was changed after the instance had started, or it decides by something else than input, results, events and the context's time.";
    }

    private static string? NameOf(ActionEvent action) => action switch
    {
        TaskScheduled task => task.Name,
        ChildCreated child => child.Name,
        EventSent sent => sent.Name,
        _ => null,
    };

    private static string Text(ActionEvent action) => action switch
    {
        TaskScheduled task => $"activity \"{task.Name}\"",
        ChildCreated child => $"sub-orchestration \"{child.Name}\" (instance \"{child.InstanceId}\")",
        TimerCreated timer => $"a timer for {timer.FireAt:O}",
        EventSent sent => $"event \"{sent.Name}\" to instance \"{sent.InstanceId}\"",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "An unknown kind of action."),
    };
}
