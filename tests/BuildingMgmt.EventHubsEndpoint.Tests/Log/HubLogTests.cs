using BuildingMgmt.EventHubsEndpoint.Log;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Log;

public sealed class HubLogTests
{
    [Fact]
    public void The_number_of_partitions_is_fixed_at_the_first_start()
    {
        using var folder = new ScratchFolder();
        Open(folder, "telemetry", 6).Dispose();

        Open(folder, "telemetry", 6).Dispose();
        using (var unsaid = Open(folder, "telemetry", null))
            Assert.Equal(6, unsaid.Partitions.Count);
        var refusal = Assert.Throws<StartException>(() => Open(folder, "telemetry", 8));
        Assert.Contains("6 partitions", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--partitions", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_serves_one_process_and_one_hub()
    {
        using var folder = new ScratchFolder();
        using (Open(folder, "telemetry", null))
            Assert.Contains("used by another", Assert.Throws<StartException>(() => Open(folder, "telemetry", null)).Message, StringComparison.Ordinal);
        Assert.Contains("\"telemetry\", not \"other\"", Assert.Throws<StartException>(() => Open(folder, "other", null)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"Name\":\"telem")]
    public void A_torn_description_of_the_hub_is_refused_by_name(string torn)
    {
        using var folder = new ScratchFolder();
        File.WriteAllText(Path.Combine(folder.Path, "hub.json"), torn);

        var refusal = Assert.Throws<StartException>(() => Open(folder, "telemetry", null));

        Assert.Contains("hub.json\" does not describe a hub", refusal.Message, StringComparison.Ordinal);
    }

    private static HubLog Open(ScratchFolder folder, string hub, int? partitions) =>
        HubLog.Open(folder.Path, hub, partitions, new LogOptions { Fsync = false }, TimeProvider.System, NullLogger.Instance);
}
