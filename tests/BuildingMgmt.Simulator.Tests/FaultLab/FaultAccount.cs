using BuildingMgmt.Simulator.Gateways;

namespace BuildingMgmt.Simulator.Tests.FaultLab;

/// <summary>
/// What the system must make of all that one gateway sent: it stands behind the last fault, so that it is right for any
/// combination of them. Keeps every reading in memory; for trials, not for days.
/// </summary>
internal sealed class FaultAccount
{
    /// <summary>How far ahead of the system's clock a reading may be.</summary>
    private static readonly TimeSpan AheadMax = TimeSpan.FromMinutes(5);

    private readonly Dictionary<(Guid SensorId, string Metric, DateTimeOffset Timestamp), double> _stored = [];
    private readonly Dictionary<RefusalReason, long> _refused = [];

    /// <summary>Value of every reading that must be stored: of two with one point and time, the first that was sent.</summary>
    public IReadOnlyDictionary<(Guid SensorId, string Metric, DateTimeOffset Timestamp), double> Stored => _stored;

    /// <summary>Readings that must be counted as duplicates.</summary>
    public long Duplicates { get; private set; }

    /// <summary>Readings that must be dead letters, each for itself, by reason.</summary>
    public IReadOnlyDictionary<RefusalReason, long> Refused => _refused;

    /// <summary>Events that must be dead letters as a whole.</summary>
    public long UnreadableEvents { get; private set; }

    /// <summary>Readings in all events that can be read: stored + duplicates + refused.</summary>
    public long Readings { get; private set; }

    /// <summary>Enters a batch as it goes to the hub, in the order of sending.</summary>
    public void Enter(GatewayBatch batch, DateTimeOffset now)
    {
        if (batch.Damage != EventDamage.None)
        {
            UnreadableEvents++;
            return;
        }

        Readings += batch.ReadingCount;
        foreach (var reading in batch.Elements.SelectMany(element => element.Readings))
        {
            if (reading.Text is not null)
                Refuse(RefusalReason.NotANumber);
            else if (reading.Timestamp > now + AheadMax)
                Refuse(RefusalReason.TimestampAhead);
            else if (!_stored.TryAdd((reading.SensorId, reading.Metric, reading.Timestamp), reading.Value))
                Duplicates++;
        }

        foreach (var malformed in batch.Malformed)
            Refuse(malformed.Reason);
    }

    private void Refuse(RefusalReason reason) => _refused[reason] = _refused.GetValueOrDefault(reason) + 1;
}
