using System.Globalization;

namespace BuildingMgmt.Simulator.Gateways;

/// <summary>Gathers readings into batches. Readings that follow each other, of one sensor and moment, share one element.</summary>
/// <param name="gatewayId">Sender.</param>
/// <param name="time">Says when a batch is sent, and makes batch ids that sort over restarts too.</param>
internal sealed class BatchBuilder(string gatewayId, TimeProvider time)
{
    /// <summary>Where a batch should be taken, so that it stays below 1 MiB as JSON.</summary>
    public const int BytesPerBatchMax = 700_000;

    private readonly string _run = time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);
    private List<BatchElement> _elements = [];
    private List<SensorReading> _open = [];
    private long _number;

    /// <summary>Readings gathered since the last batch.</summary>
    public int Count { get; private set; }

    /// <summary>Size as JSON, at most: every character of a metric's name may have to be escaped.</summary>
    public int Bytes { get; private set; }

    public void Add(in SensorReading reading)
    {
        if (_open.Count > 0 && !Joins(_open, reading))
            CloseElement();
        _open.Add(reading);
        Count++;
        Bytes += 120 + (6 * (reading.Metric.Length + (reading.Text?.Length ?? 0)));
    }

    /// <summary>Takes what was gathered, or null when that is nothing.</summary>
    public GatewayBatch? Take()
    {
        if (Count == 0)
            return null;
        CloseElement();
        _number++;
        var batch = new GatewayBatch(
            gatewayId, string.Create(CultureInfo.InvariantCulture, $"{_run}-{_number:d8}"), time.GetUtcNow(), _elements) { Sequence = _number };
        _elements = [];
        Count = 0;
        Bytes = 0;
        return batch;
    }

    // A metric twice at one moment, as conflicting sources give it, would be one key twice in one JSON object: which
    // of them counts is then the parser's taste. In two elements their order is kept.
    private static bool Joins(List<SensorReading> open, in SensorReading reading)
    {
        if (open[0].SensorId != reading.SensorId || open[0].Timestamp != reading.Timestamp)
            return false;
        foreach (var other in open)
        {
            if (other.Metric == reading.Metric)
                return false;
        }

        return true;
    }

    private void CloseElement()
    {
        _elements.Add(new BatchElement(_open[0].SensorId, _open[0].Timestamp, _open));
        _open = [];
    }
}
