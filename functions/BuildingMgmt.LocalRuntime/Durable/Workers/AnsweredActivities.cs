namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>Activities whose results were accepted last: far more than can be done while one answer of the store is on its way.</summary>
internal sealed class AnsweredActivities
{
    private const int RememberedMax = 10_000;

    private readonly HashSet<long> _ids = [];
    private readonly Queue<long> _oldestFirst = new();

    public bool Contains(long id) => _ids.Contains(id);

    public void Add(long id)
    {
        if (!_ids.Add(id))
            return;
        _oldestFirst.Enqueue(id);
        if (_oldestFirst.Count > RememberedMax)
            _ids.Remove(_oldestFirst.Dequeue());
    }
}
