using System.Security.Cryptography;
using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

/// <summary>A take is bounded by what it carries, however large the payloads are that wait.</summary>
public sealed class PostgresTakingTests(PostgresStores stores) : IClassFixture<PostgresStores>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Large_messages_come_a_few_at_a_time_and_none_is_left()
    {
        var store = await stores.OpenAsync(stores.NewHub());
        var worker = await store.EnterAsync(Token);
        await store.CreateAsync("a", worker);
        await store.CommitAsync(worker, (await store.TakeOneAsync(worker)).Step());
        for (var index = 0; index < 5; index++)
            await store.SendAsync(new("a", null, new EventRaised($"{index}", Large(), Guid.NewGuid())), Token);

        var takes = new List<string[]>();
        while ((await store.TakeAsync(worker)).Instances is [var taken])
        {
            takes.Add([.. taken.Messages.Select(message => ((EventRaised)message.Event).Name)]);
            Assert.Equal(takes.Sum(names => names.Length) < 5, (await store.CommitAsync(worker, taken.Step())).MoreDue);
        }

        Assert.Equal(["0", "1", "2", "3", "4"], takes.SelectMany(names => names));
        Assert.All(takes, names => Assert.InRange(names.Length, 1, 2));
    }

    [Fact]
    public async Task Activities_with_large_inputs_come_a_few_at_a_time_and_none_is_left()
    {
        var store = await stores.OpenAsync(stores.NewHub());
        var worker = await store.EnterAsync(Token);
        await store.CreateAsync("a", worker);
        await store.CommitAsync(worker, (await store.TakeOneAsync(worker)).Step() with
        {
            Activities = [.. Enumerable.Range(0, 5).Select(id => new NewActivity(id, "Work", null, id == 3 ? null : Large(), null, null))],
        });

        var had = new List<ActivityWork>();
        Taken taken;
        do
        {
            taken = await store.TakeAsync(worker, activities: 10, running: [.. had.Select(work => work.Id)]);
            Assert.InRange(taken.Activities.Count, 1, 3);
            had.AddRange(taken.Activities);
            Assert.Equal(had.Count < 5, taken.More);
        }
        while (taken.More);
    }

    // 3 MB that do not get smaller by much.
    private static string Large() => $"\"{Convert.ToBase64String(RandomNumberGenerator.GetBytes(3_000_000))}\"";
}
