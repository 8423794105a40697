using System.Text;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Ingest;

namespace BuildingMgmt.Functions.Tests.Ingest;

public sealed class BatchDecoderTests
{
    private static readonly CatalogueSnapshot Catalogue = TestBuilding.Snapshot();
    private static readonly string Sensor = TestBuilding.Sensor(0, 0).ToString();

    [Fact]
    public void Good_reading_is_decoded_with_point_time_value_and_quality()
    {
        var decoded = Decode($$"""{"sensor_id":"{{Sensor}}","timestamp":"2026-03-10T13:00:00.25+01:00","data":{"co2":612.5},"quality":"uncertain"}""");
        Assert.Equal(new DecodedText("gw", false, null, "102 1773144000250000 612.5 1", ""), decoded);
    }

    [Fact]
    public void Fields_may_come_in_any_order()
    {
        var decoded = DecodedText.Decode(
            $$"""{"batch":[{"quality":"bad","data":{"co2":1,"light":2},"timestamp":"2026-03-10T12:00:00Z","sensor_id":"{{Sensor}}"}],"correction":true,"gateway_id":"gw"}""",
            Catalogue);
        Assert.Equal(("gw", true, "102 1773144000000000 1 2"), (decoded.GatewayId, decoded.Correction, decoded.Readings));
        Assert.StartsWith("unknown metric (1) ", decoded.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"sensor_id":"11111111-1111-1111-1111-111111111111","timestamp":"2026-03-10T12:00:00Z","data":{"co2":1,"temperature":2}}""", "unknown sensor", 2)]
    [InlineData("""{"sensor_id":"$","timestamp":"2026-03-10T12:00:00Z","data":{"light":1}}""", "unknown metric", 1)]
    [InlineData("""{"sensor_id":"$","timestamp":"2026-03-10T12:00:00Z","data":{"co2":"612"}}""", "not a number", 1)]
    [InlineData("""{"sensor_id":"$","timestamp":"2026-03-10T12:00:00Z","data":{"co2":null}}""", "not a number", 1)]
    [InlineData("""{"sensor_id":"$","timestamp":"2026-03-10T12:00:00Z","data":{"co2":1e999}}""", "not a number", 1)]
    [InlineData("""{"sensor_id":"$","timestamp":"2026-03-10T12:05:00.000001Z","data":{"co2":1}}""", "timestamp more than 5 min ahead", 1)]
    [InlineData("""{"sensor_id":"$","timestamp":"1999-12-31T23:59:59Z","data":{"co2":1}}""", "older than retention", 1)]
    [InlineData("""{"sensor_id":"$","timestamp":"2026-03-10T12:00:00","data":{"co2":1}}""", "malformed", 1)]
    [InlineData("""{"sensor_id":"$","timestamp":"2026-03-10T12:00:00Z"}""", "malformed", 1)]
    [InlineData("""{"sensor_id":"$","timestamp":"2026-03-10T12:00:00Z","data":{}}""", "malformed", 1)]
    [InlineData("""{"sensor_id":"$","sensor_id":"$","timestamp":"2026-03-10T12:00:00Z","data":{"co2":1}}""", "malformed", 1)]
    [InlineData("""{"sensor_id":"$","timestamp":"2026-03-10T12:00:00Z","data":{"co2":1},"quality":"excellent"}""", "malformed", 1)]
    [InlineData("17", "malformed", 1)]
    public void Bad_reading_is_reported_with_its_reason_and_bytes_and_the_good_ones_stay(string reading, string reason, int readings)
    {
        reading = reading.Replace("$", Sensor, StringComparison.Ordinal);
        var good = $$$"""{"sensor_id":"{{{Sensor}}}","timestamp":"2026-03-10T12:00:00Z","data":{"temperature":20}}""";
        var decoded = Decode($"{good}, {reading} ,{good}");
        Assert.Equal("101 1773144000000000 20 0\n101 1773144000000000 20 0", decoded.Readings);
        Assert.Equal(DecodedText.Error(reason, readings, Convert.ToHexString(Encoding.UTF8.GetBytes(reading))), decoded.Errors);
    }

    [Fact]
    public void Reading_older_than_its_buildings_retention_is_refused()
    {
        string Reading(string time) => $$$"""{"sensor_id":"{{{TestBuilding.ArchiveSensor}}}","timestamp":"{{{time}}}","data":{"co2":1}}""";
        DecodedText Decode(string reading) => DecodedText.Decode($$"""{"gateway_id":"{{TestBuilding.ArchiveGateway}}","batch":[{{reading}}]}""", Catalogue);
        Assert.StartsWith("older than retention", Decode(Reading("2026-02-08T11:59:59Z")).Errors, StringComparison.Ordinal);
        Assert.Empty(Decode(Reading("2026-02-08T12:00:00Z")).Errors);
    }

    [Theory]
    [InlineData(-30.01, "good", 3)]
    [InlineData(-30, "good", 0)]
    [InlineData(60, "uncertain", 1)]
    [InlineData(60.01, "uncertain", 3)]
    [InlineData(99, "bad", 3)]
    public void Value_outside_the_plausible_range_is_suspect(double value, string told, int quality)
    {
        var decoded = Decode(FormattableString.Invariant(
            $$$"""{"sensor_id":"{{{Sensor}}}","timestamp":"2026-03-10T12:00:00Z","data":{"temperature":{{{value}}}},"quality":"{{{told}}}"}"""));
        Assert.EndsWith($" {quality}", decoded.Readings, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("[]")]
    [InlineData("""{"batch":[]}""")]
    [InlineData("""{"gateway_id":"gw"}""")]
    [InlineData("""{"gateway_id":"","batch":[]}""")]
    [InlineData("""{"gateway_id":"a\u0000b","batch":[]}""")]
    [InlineData("""{"gateway_id":"\ud800","batch":[]}""")]
    [InlineData("""{"gateway_id":"   ","batch":[]}""")]
    [InlineData("""{"gateway_id":"gw\u0085","batch":[]}""")]
    [InlineData("""{"gateway_id":"gw\u00a0","batch":[]}""")]
    [InlineData("""{"gateway_id":"\ufeff","batch":[]}""")]
    [InlineData("""{"gateway_id":"gw\u2028","batch":[]}""")]
    [InlineData("""{"gateway_id":"gw\u202e1","batch":[]}""")]
    [InlineData("""{"gateway_id":"gw\udb40\udc01","batch":[]}""")]
    [InlineData("""{"gateway_id":"http:viewer","batch":[]}""")]
    [InlineData("""{"gateway_id":"gw","batch":[],"batch":[]}""")]
    [InlineData("""{"gateway_id":"gw","batch":[],"gateway_id":"gw"}""")]
    [InlineData("""{"gateway_id":"gw","batch":{}}""")]
    [InlineData("""{"gateway_id":"gw","batch":[],"correction":"yes"}""")]
    [InlineData("""{"gateway_id":"gw","batch":[]}{}""")]
    [InlineData("""{"gateway_id":"gw","batch":[{"data":{"co2":NaN}}]}""")]
    public void Event_that_is_no_batch_is_unreadable(string json) => Assert.True(DecodedText.Decode(json, Catalogue).Unreadable);

    [Theory]
    [InlineData("gw 1")]
    [InlineData("gateway \u00e9/\u6771 #7")]
    [InlineData("https://gw")]
    public void Gateway_id_of_characters_that_show_is_taken(string id) =>
        Assert.Equal(id, DecodedText.Decode($$"""{"gateway_id":"{{id}}","batch":[]}""", Catalogue).GatewayId);

    [Fact]
    public void Users_id_is_taken_of_what_was_posted()
    {
        var utf8 = Encoding.UTF8.GetBytes("""{"gateway_id":"http:viewer","batch":[]}""");
        Assert.Equal("http:viewer", DecodedText.Decode(utf8, Catalogue, null, new EventOrigin(IsPosted: true, null)).GatewayId);
    }

    [Fact]
    public void Event_nested_too_deep_is_unreadable()
    {
        var deep = new string('[', BatchDecoder.DepthMax) + new string(']', BatchDecoder.DepthMax);
        Assert.True(DecodedText.Decode($$$"""{"gateway_id":"gw","batch":[],"note":{{{deep}}}}""", Catalogue).Unreadable);
    }

    [Fact]
    public void Invalid_utf8_is_bad_where_it_matters_and_ignored_where_not()
    {
        byte[] Batch(string gateway) => [.. Encoding.Latin1.GetBytes($$"""{"gateway_id":"{{gateway}}","note":"{{"\u00FF"}}","batch":[]}""")];
        Assert.False(DecodedText.Decode(Batch("gw"), Catalogue).Unreadable);
        Assert.True(DecodedText.Decode(Batch("g\u00FF"), Catalogue).Unreadable);
    }

    [Fact]
    public void Reading_with_very_many_bad_metrics_is_kept_few_times_and_counted_in_full()
    {
        var metrics = string.Join(',', Enumerable.Range(0, 1_000).Select(number => $"\"m{number}\":1"));
        var json = $$$"""{"gateway_id":"gw","batch":[{"sensor_id":"{{{Sensor}}}","timestamp":"2026-03-10T12:00:00Z","data":{ {{{metrics}}} }}]}""";
        var errors = Errors(json, out var surplus);
        Assert.Equal((16, 1_000, 0), (errors.Count, errors.Sum(error => error.Readings), surplus));
    }

    [Fact]
    public void Event_with_very_many_bad_readings_lists_a_bounded_number_and_counts_the_rest()
    {
        var json = $$"""{"gateway_id":"gw","batch":[{{string.Join(',', Enumerable.Repeat("1", 30_000))}}]}""";
        var errors = Errors(json, out var surplus);
        Assert.Equal((BatchDecoder.ErrorsPerEventMax, 30_000 - BatchDecoder.ErrorsPerEventMax), (errors.Count, surplus));
    }

    [Fact]
    public void Warm_decoder_allocates_nothing()
    {
        var readings = string.Join(',', Enumerable.Range(0, 1_000).Select(number =>
            $$$"""{"sensor_id":"{{{TestBuilding.Sensor(number % 2, number % 5)}}}","timestamp":"2026-03-10T11:{{{number % 60:00}}}:00Z","data":{"temperature":20.5,"co2":{{{number}}}},"quality":"good"}"""));
        var utf8 = Encoding.UTF8.GetBytes($$"""{"gateway_id":"gw","batch_id":"b","sent_at":"2026-03-10T12:00:00Z","batch":[{{readings}}]}""");
        var decoder = new BatchDecoder();
        decoder.Begin(Catalogue, TestBuilding.Now, new IngestOptions());
        var (decoded, errors) = (new List<DecodedReading>(), new List<DecodeError>());
        decoder.Decode(utf8, 0, default, decoded, errors);
        Assert.Equal((2_000, 0), (decoded.Count, errors.Count));

        // The least of several runs: a garbage collection on behalf of other tests makes the runtime's count jump now and then.
        Assert.Equal(0, Enumerable.Range(0, 10).Min(_ =>
        {
            decoded.Clear();
            var before = GC.GetAllocatedBytesForCurrentThread();
            decoder.Decode(utf8, 0, default, decoded, errors);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }));
    }

    private static DecodedText Decode(string readings) =>
        DecodedText.Decode($$"""{"gateway_id":"gw","batch_id":"b-1","sent_at":"2026-03-10T12:00:00Z","batch":[{{readings}}]}""", Catalogue);

    private static List<DecodeError> Errors(string json, out int surplus)
    {
        var decoder = new BatchDecoder();
        decoder.Begin(Catalogue, TestBuilding.Now, new IngestOptions());
        var errors = new List<DecodeError>();
        surplus = decoder.Decode(Encoding.UTF8.GetBytes(json), 0, default, [], errors).SurplusErrors;
        return errors;
    }
}
