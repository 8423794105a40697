using System.Globalization;
using System.IO.Compression;
using BuildingMgmt.Database;
using BuildingMgmt.Simulator.Gateways;
using BuildingMgmt.Simulator.Replay;
using BuildingMgmt.Simulator.Tests.Gateways;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.Simulator.Tests.Replay;

public sealed class DataSetSenderTests
{
    [Fact]
    public async Task Every_row_with_a_value_is_sent_once_and_in_order()
    {
        using var files = SmallDataSet.Create();
        var sink = await SendAsync(files.Folder, speed: null, TimeProvider.System);

        var sent = sink.Events.ToLookup(sent => sent.GatewayId, sent => sent);
        Assert.Equal(["replay-oak-house", ReplayGateways.Id("Elm & Sons")], sent.Select(gateway => gateway.Key).OrderDescending());
        var oak = StableId.Create("building/Oak House/floor/1/sensor/oak-1-co2");
        var readings = RecordingSink.Readings(sent["replay-oak-house"]).ToArray();
        Assert.Equal(8, readings.Length);
        Assert.Equal([424.0, 426.5, 427.5, 0], readings.Where(reading => reading.SensorId == oak).Select(reading => reading.Value));
        Assert.Equal("#N/A", readings[^1].Text);
        Assert.Equal(3, RecordingSink.Readings(sent[ReplayGateways.Id("Elm & Sons")]).Count());

        // Two metrics of one sensor and moment are one element.
        using var elm = RecordingSink.Parse(sent[ReplayGateways.Id("Elm & Sons")].Single());
        Assert.Equal(2, elm.RootElement.GetProperty("batch").GetArrayLength());
    }

    [Fact]
    public async Task At_a_speed_rows_wait_for_their_time()
    {
        using var files = SmallDataSet.Create();
        var time = new FakeTimeProvider();
        var started = time.GetUtcNow();
        var sink = new RecordingSink();
        await using var sender = new DataSetSender(DataSet.Open(files.Folder), sink, speed: 60, time, NullLogger.Instance);
        var sending = sender.SendAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => Task.FromResult(sink.Events.Count == 1), TimeSpan.FromSeconds(20), "what is due at once is sent", TestContext.Current.CancellationToken);
        Assert.False(sending.IsCompleted);
        Assert.Equal(2, RecordingSink.Readings(sink.Events).Count());

        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                return Task.FromResult(sending.IsCompleted);
            },
            TimeSpan.FromSeconds(20), "everything is sent", TestContext.Current.CancellationToken);
        await sending;
        // Four minutes at sixty times real time.
        Assert.InRange((time.GetUtcNow() - started).TotalSeconds, 4, 60);
        Assert.Equal(11, sender.AcceptedReadings);
    }

    [Theory]
    [InlineData("b4b_windesheim")]
    [InlineData("flexlab")]
    [InlineData("uci_occupancy")]
    public async Task Real_data_sets_are_sent_row_for_row(string name)
    {
        var folder = Path.Combine(RepositoryRoot.Path, "..", "shared", "data", name);
        Assert.SkipUnless(Directory.Exists(folder), "This data set is not beside the repository.");
        var sink = await SendAsync(folder, speed: null, TimeProvider.System);

        // From the CSV itself, by the plainest reading there is: these files have no quotation marks.
        using var lines = new StreamReader(new GZipStream(
            File.OpenRead(Path.Combine(folder, "readings.csv.gz")), CompressionMode.Decompress));
        await lines.ReadLineAsync(TestContext.Current.CancellationToken);
        var count = 0;
        var ids = new Dictionary<string, Guid>();
        foreach (var reading in RecordingSink.Readings(sink.Events))
        {
            var row = NextRowWithValue(lines);
            Assert.NotNull(row);
            var sensor = $"building/{row[0]}/floor/{(row[1] is "" ? "-" : row[1])}/sensor/{row[3]}";
            if (!ids.TryGetValue(sensor, out var sensorId))
                ids.Add(sensor, sensorId = StableId.Create(sensor));
            var expected = new SensorReading(
                sensorId,
                DateTimeOffset.ParseExact(row[6], "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
                row[4],
                double.Parse(row[7], CultureInfo.InvariantCulture));
            // Not Assert.Equal: a million of them take longer than all the rest.
            if (reading != expected)
                Assert.Fail($"Sent {reading}, but row {count + 1} with a value is {expected}.");
            count++;
        }

        Assert.Null(NextRowWithValue(lines));
        Assert.True(count > 100_000);
        Assert.All(sink.Events, sent => Assert.InRange(sent.Body.Length, 1, 200_000));
    }

    private static string[]? NextRowWithValue(StreamReader lines)
    {
        while (lines.ReadLine() is { } line)
        {
            var row = line.Split(',');
            if (row[7] is not "")
                return row;
        }

        return null;
    }

    private static async Task<RecordingSink> SendAsync(string folder, double? speed, TimeProvider time)
    {
        var sink = new RecordingSink();
        await using var sender = new DataSetSender(DataSet.Open(folder), sink, speed, time, NullLogger.Instance);
        await sender.SendAsync(TestContext.Current.CancellationToken);
        Assert.Equal(sink.Events.Sum(sent => sent.Readings), sender.AcceptedReadings);
        return sink;
    }
}
