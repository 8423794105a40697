using System.Globalization;
using System.Text;

namespace BuildingMgmt.Functions.Tests.Ingest;

/// <summary>Makes gateway batches, most of them nearly right.</summary>
internal sealed class RandomBatch(Random random)
{
    private static readonly string[] Oddities =
        ["null", "true", "-1", "\"\"", "\"x\"", "[]", "{}", "[1,{\"a\":[]}]", "{\"a\":{\"a\":1}}", "\"\\ud800\"", "\"\\u0000\"", "1e999"];

    private static readonly string[] Values =
        ["21.5", "-0", "0", "-31", "60.0001", "1e308", "1e309", "-1e400", "123456789012345678901234567890", "4.9e-324", "1E2", "\"21\"", "\"NaN\"", "null", "[1]", "{\"v\":1}"];

    private static readonly string[] Times =
    [
        "2026-03-10T11:59:00Z", "2026-03-10T11:59:00.123456Z", "2026-03-10T13:59:00.1+02:00", "2026-03-10T12:05:00Z", "2026-03-10T12:05:00.000001Z",
        "2026-03-10T11:59Z", "2026-03-10T11:59:00", "2026-03-10 11:59:00Z", "2026-02-29T00:00:00Z", "2024-02-29T23:59:59-14:00", "2026-13-01T00:00:00Z",
        "1999-12-31T23:59:59Z", "2000-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z", "2026-03-10T24:00:00Z", "2026-03-10t11:59:00z", "2026-03-10T11:59:00,5Z",
        "2026-02-08T12:00:00Z", "2026-02-08T11:59:59Z", "yesterday", "2026-03-10T11:59:60Z", "2026-03-10T11:59:00+15:00", "2026-03-10T11:59:00.1234567Z",
    ];

    private bool Rarely => random.Next(12) == 0;

    public string Batch()
    {
        var fields = new List<string>
        {
            $"{Name("gateway_id")}:{(Rarely ? Pick(Oddities) : Text(Pick(["gw-1", "gw", TestBuilding.ArchiveGateway, "\u00fc", new string('g', 130), " ", "gw\u2028", "gw\u00ad1", "\uFEFF", "http:viewer"])))}",
            $"{Name("batch_id")}:{(Rarely ? Pick(Oddities) : "\"b-17\"")}",
            $"\"sent_at\":{(Rarely ? Pick(Oddities) : "\"2026-03-10T12:00:00Z\"")}",
            $"{Name("batch")}:{(Rarely ? Pick(Oddities) : Readings())}",
        };
        if (random.Next(3) == 0)
            fields.Add($"{Name("correction")}:{(Rarely ? Pick(Oddities) : Pick(["true", "false"]))}");
        return (Rarely ? "\uFEFF" : "") + Object(fields);
    }

    private string Readings()
    {
        var readings = Enumerable.Range(0, random.Next(6)).Select(_ => Rarely ? Pick(Oddities) : Reading());
        return $"[{string.Join(Space(), readings.Select((reading, index) => index == 0 ? reading : "," + reading))}]";
    }

    private string Reading()
    {
        var sensor = random.Next(6) switch
        {
            0 => TestBuilding.UnknownSensor,
            1 => TestBuilding.ArchiveSensor,
            _ => TestBuilding.Sensor(random.Next(2), random.Next(TestBuilding.SensorsPerFloor)),
        };
        var format = Rarely ? "N" : "D";
        var id = sensor.ToString(format, CultureInfo.InvariantCulture);
        var fields = new List<string>
        {
            $"{Name("sensor_id")}:{(Rarely ? Pick(Oddities) : Text(random.Next(4) == 0 ? id.ToUpperInvariant() : id))}",
            $"{Name("timestamp")}:{(Rarely ? Pick(Oddities) : Text(random.Next(3) == 0 ? Pick(Times) : Times[0]))}",
            $"{Name("data")}:{(Rarely ? Pick(Oddities) : Data())}",
        };
        if (random.Next(3) == 0)
            fields.Add($"{Name("quality")}:{(Rarely ? Pick(Oddities) : Text(Pick(["good", "uncertain", "bad", "suspect", "Good"])))}");
        return Object(fields);
    }

    private string Data() => Object([.. Enumerable.Range(0, random.Next(5)).Select(_ =>
        $"{(Rarely ? Pick(["\"light\"", "\"\"", "\"\\ud800\"", "\"\\u0000\""]) : Text(Pick(TestBuilding.Metrics)))}:{(random.Next(3) == 0 ? Pick(Values) : Values[0])}")]);

    // Fields are shuffled, now and then one is missing, there twice, or unknown.
    private string Object(List<string> fields)
    {
        var shuffled = fields.ToArray();
        if (random.Next(3) == 0)
            random.Shuffle(shuffled);
        var list = shuffled.ToList();
        if (Rarely && list.Count > 0)
            list.RemoveAt(random.Next(list.Count));
        if (Rarely && list.Count > 0)
            list.Add(list[random.Next(list.Count)]);
        if (Rarely)
            list.Insert(random.Next(list.Count + 1), $"\"note\":{Pick(Oddities)}");
        return "{" + Space() + string.Join("," + Space(), list) + "}";
    }

    private string Name(string name) => Rarely ? Text(name) : $"\"{name}\"";

    // As it is, or with some characters escaped.
    private string Text(string text)
    {
        if (!Rarely)
            return $"\"{text}\"";
        var escaped = new StringBuilder("\"");
        foreach (var character in text)
            escaped.Append(random.Next(2) == 0 ? $"\\u{(int)character:x4}" : character.ToString());
        return escaped.Append('"').ToString();
    }

    private string Space() => random.Next(4) == 0 ? " \n" : "";

    private string Pick(string[] choices) => choices[random.Next(choices.Length)];
}
