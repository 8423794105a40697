using BuildingMgmt.Testing;
using static BuildingMgmt.LocalRuntime.Tests.Durable.Processes.StoreFaults;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Processes;

public sealed class PgBouncerProcessesTests(PostgresFixture postgres, PgBouncerFixture pooler) : IClassFixture<PgBouncerFixture>
{
    private const string Deaf = "notifications of PostgreSQL are not heard";

    [Fact]
    public async Task Processes_behind_a_pooler_share_their_work_one_is_killed_and_no_result_changes()
    {
        await using var database = await pooler.CreateEmptyDatabaseAsync(TestContext.Current.CancellationToken);
        await InspectAsync(postgres, database.ConnectionString, processes => processes[0].KillAsync(), (process, log) =>
            // The one that was killed may have had no time to say so.
            Assert.InRange(Told(log, Deaf), process == "app-0.log" ? 0 : 1, 1));
    }
}
