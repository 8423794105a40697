namespace BuildingMgmt.LocalRuntime.Durable.Execution;

/// <summary>
/// Who waits for events, and events that no one has waited for. The newest waiter of a name is served first, so that those whom the code has
/// left behind in a WhenAny do not take what the newer ones want; kept events are served oldest first. Case of names does not matter.
/// </summary>
internal sealed class ExternalEvents(StepThread thread)
{
    private readonly Dictionary<string, LinkedList<Waiter>> waiters = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Queue<(int Order, EventRaised Event)>> kept = new(StringComparer.OrdinalIgnoreCase);
    private int order;

    public bool HasWaiters => waiters.Count > 0;

    /// <summary>Events that nobody has taken, as they came.</summary>
    public IEnumerable<EventRaised> Kept => kept.Values.SelectMany(queue => queue).OrderBy(entry => entry.Order).Select(entry => entry.Event);

    public Task<T> Wait<T>(string name, Func<string?, T> read, CancellationToken cancellationToken)
    {
        var source = new TaskCompletionSource<T>();
        if (TakeKept(name) is { } earlier)
        {
            Complete(source, read, earlier.Payload);
            return source.Task;
        }

        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled<T>(cancellationToken);
        if (!waiters.TryGetValue(name, out var list))
            waiters.Add(name, list = []);
        else if (list.Last!.Value.Type != typeof(T))
            throw new ArgumentException(
                $"Event \"{name}\" is already waited for as {list.Last.Value.Type}; it cannot be waited for as {typeof(T)} at the same time.", nameof(name));
        var node = new LinkedListNode<Waiter>(new(typeof(T), payload => Complete(source, read, payload)));
        list.AddLast(node);
        node.Value.Cancellation = cancellationToken.Register(() =>
        {
            // A token that another thread cancels is no task of the context.
            if (!thread.IsHere)
            {
                thread.NoteLeft();
                return;
            }

            Remove(name, list, node);
            source.TrySetCanceled(cancellationToken);
        });
        return source.Task;
    }

    public void Raise(EventRaised raised)
    {
        if (waiters.TryGetValue(raised.Name, out var list))
        {
            var newest = list.Last!;
            Remove(raised.Name, list, newest);
            newest.Value.Cancellation.Unregister();
            newest.Value.Serve(raised.Payload);
            return;
        }

        if (!kept.TryGetValue(raised.Name, out var queue))
            kept.Add(raised.Name, queue = new());
        queue.Enqueue((order++, raised));
    }

    private static void Complete<T>(TaskCompletionSource<T> source, Func<string?, T> read, string? payload)
    {
        T value;
        try
        {
            value = read(payload);
        }
        catch (Exception exception)
        {
            source.TrySetException(exception);
            return;
        }

        source.TrySetResult(value);
    }

    private EventRaised? TakeKept(string name)
    {
        if (!kept.TryGetValue(name, out var queue))
            return null;
        var (_, first) = queue.Dequeue();
        if (queue.Count == 0)
            kept.Remove(name);
        return first;
    }

    // A list is never left empty: another one is made for the next waiter.
    private void Remove(string name, LinkedList<Waiter> list, LinkedListNode<Waiter> node)
    {
        list.Remove(node);
        if (list.Count == 0)
            waiters.Remove(name);
    }

    private sealed class Waiter(Type type, Action<string?> serve)
    {
        public Type Type => type;

        public Action<string?> Serve => serve;

        public CancellationTokenRegistration Cancellation { get; set; }
    }
}
