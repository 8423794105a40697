namespace BuildingMgmt.LocalRuntime.Durable.Client;

/// <summary>Pauses between looks: short at first, half a second at most.</summary>
internal static class PollPause
{
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(500);

    public static TimeSpan After(TimeSpan pause) => pause + pause < Longest ? pause + pause : Longest;
}
