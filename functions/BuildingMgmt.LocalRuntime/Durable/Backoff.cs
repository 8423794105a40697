namespace BuildingMgmt.LocalRuntime.Durable;

/// <summary>How long to wait before the next try: twice as long each time, up to a bound, and spread, so that many do not try together.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan longest, Random random)
{
    private int _tries;

    /// <returns>Between half of the doubled wait and all of it.</returns>
    public TimeSpan Next()
    {
        // 2^30 times even a millisecond is longer than any bound that is of use.
        var doubled = first * Math.Pow(2, Math.Min(_tries, 30));
        _tries++;
        return Min(doubled, longest) * (0.5 + random.NextDouble() / 2);
    }

    public void Reset() => _tries = 0;

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
