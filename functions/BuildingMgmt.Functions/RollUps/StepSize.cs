namespace BuildingMgmt.Functions.RollUps;

/// <summary>
/// How much one transaction rolls up: as much as takes a second or so, whatever the points' intervals are and whatever else the
/// database does. So it ends long before its statement times out, and others have their turn.
/// </summary>
internal sealed class StepSize(int max)
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(3);

    /// <summary>Points times hours.</summary>
    public int Buckets { get; private set; } = Math.Min(max, 500);

    public void Took(TimeSpan time)
    {
        if (time < Short)
            Buckets = (int)Math.Min(max, Buckets * 2L);
        else if (time > Long)
            Buckets = Math.Max(1, Buckets / 2);
    }

    public void TimedOut() => Buckets = Math.Max(1, Buckets / 8);
}
