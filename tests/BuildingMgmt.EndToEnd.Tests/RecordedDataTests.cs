using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.EndToEnd.Tests;

public sealed class RecordedDataTests
{
    public static TheoryData<string> Sets() => [.. RecordedDataSet.RealSets().Select(folder => Path.GetFileName(folder)!).DefaultIfEmpty("generated")];

    [Theory, MemberData(nameof(Sets))]
    public async Task Every_row_of_a_recorded_data_set_is_stored_with_its_value_or_is_a_duplicate(string name)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        using var scratch = new ScratchFolder();
        var set = name == "generated"
            ? RecordedDataSet.Generate(Path.Combine(scratch.Path, "generated"), minutes: 1_500, seed: 7)
            : new RecordedDataSet(RecordedDataSet.RealSets().Single(folder => Path.GetFileName(folder) == name));

        await using var stack = await RunningStack.StartAsync("--no-demo", "--replay", set.Folder, "--speed", "max");
        var summary = await stack.Process.WaitForLineAsync("sent ", TimeSpan.FromMinutes(3), cancellationToken);

        await using var postgres = NpgsqlDataSource.Create(stack.Run.Postgres);
        var (sent, stored, duplicate) = await StoredReadings.AssertEqualAsync(postgres, set, cancellationToken);
        Assert.Equal($"sent {sent} stored {stored} duplicate {duplicate} dead-lettered 0", summary);
        await LatestValueTable.AssertEqualsNewestRowsAsync(stack.Run, cancellationToken);
    }
}
