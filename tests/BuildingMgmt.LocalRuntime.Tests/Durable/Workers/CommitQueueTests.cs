using BuildingMgmt.LocalRuntime.Durable.Workers;
using BuildingMgmt.LocalRuntime.Tests.Durable.Simulation;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Workers;

public sealed class CommitQueueTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private readonly SimulatedWorld _world = new(1);
    private readonly List<int[]> _calls = [];
    private readonly SimulatedProcess _process;
    private readonly TaskCompletionSource _hung = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Func<int[], Exception?> _fails = _ => null;
    private Func<int, bool> _hangs = _ => false;

    public CommitQueueTests() => _process = _world.NewProcess("process");

    [Fact]
    public void One_that_is_alone_goes_at_once_and_those_who_come_meanwhile_go_together()
    {
        var receipts = Commit(Queue(), [1, 2, 3, 4]);
        Assert.Equal([[1], [2, 3, 4]], _calls);
        Assert.Equal([10, 20, 30, 40], receipts.Select(receipt => receipt.Result));
    }

    [Fact]
    public void A_call_is_bounded_by_items_and_by_weight()
    {
        Commit(Queue(itemsMax: 2), [1, 2, 3, 4]);
        Assert.Equal([[1], [2, 3], [4]], _calls);
        _calls.Clear();
        Commit(Queue(weightMax: 7), [1, 2, 5, 50, 3]);
        Assert.Equal([[1], [2, 5], [50], [3]], _calls);
    }

    [Fact]
    public void Those_that_must_go_alone_go_one_by_one_and_nobody_waits_for_them()
    {
        _hangs = item => item is 3 or 5;
        Commit(Queue(), [1, 2, 3, 4, 5, 6], alone: item => item is 3 or 5, until: receipts => receipts.Count(receipt => receipt.IsCompleted) == 4);
        Assert.Equal([[1], [3], [2, 4, 6]], _calls);
        _hung.SetResult();
        Assert.True(_world.RunUntil(() => _calls.Count == 4, Long));
        Assert.Equal([5], _calls[3]);
    }

    [Fact]
    public void A_call_that_fails_fails_its_own_items_and_no_others()
    {
        _fails = items => items.Contains(2) ? new InvalidOperationException("no") : null;
        var receipts = Commit(Queue(itemsMax: 2), [1, 2, 3, 4]);
        Assert.Equal([false, true, true, false], receipts.Select(receipt => receipt.IsFaulted));
        Assert.All(receipts, receipt => _ = receipt.Exception);
    }

    [Fact]
    public void An_answer_with_too_few_receipts_leaves_nobody_waiting()
    {
        var queue = new CommitQueue<int, int>(_ => Task.FromResult<IReadOnlyList<int>>([]), 10, _ => 1, 10);
        var receipts = Commit(queue, [1, 2]);
        Assert.All(receipts, receipt => Assert.IsType<ArgumentOutOfRangeException>(receipt.Exception!.InnerException));
    }

    private CommitQueue<int, int> Queue(int itemsMax = 10, int weightMax = 1_000) => new(
        async items =>
        {
            _calls.Add([.. items]);
            await _process.DelayAsync(TimeSpan.FromMilliseconds(5));
            if (items.Any(_hangs))
                await _hung.Task;
            return _fails([.. items]) is { } failure ? throw failure : [.. items.Select(item => item * 10)];
        },
        itemsMax, item => item, weightMax);

    private List<Task<int>> Commit(
        CommitQueue<int, int> queue, int[] items, Func<int, bool>? alone = null, Func<List<Task<int>>, bool>? until = null)
    {
        until ??= receipts => receipts.All(receipt => receipt.IsCompleted);
        List<Task<int>> receipts = [];
        _process.Post(_ => receipts.AddRange(items.Select(item => queue.AddAsync(item, alone?.Invoke(item) ?? false))), null);
        Assert.True(_world.RunUntil(() => receipts.Count > 0 && until(receipts), Long));
        return receipts;
    }
}
