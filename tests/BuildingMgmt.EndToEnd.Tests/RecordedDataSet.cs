using System.Globalization;
using System.IO.Compression;
using BuildingMgmt.Testing;

namespace BuildingMgmt.EndToEnd.Tests;

/// <summary>One row of a recorded data set that has a value.</summary>
internal readonly record struct RecordedRow(string Building, string Floor, string? Zone, string Sensor, string Type, DateTime TimeUtc, double Value);

/// <summary>
/// A folder with <c>sensors.csv</c> and <c>readings.csv.gz</c>, read in the plainest way and by no code of the product: what
/// the product stored is compared with this.
/// </summary>
internal sealed class RecordedDataSet(string folder)
{
    public string Folder => folder;

    /// <summary>The real recordings beside the repository, where there are any.</summary>
    public static IEnumerable<string> RealSets()
    {
        var data = Path.Combine(RepositoryRoot.Path, "..", "shared", "data");
        return Directory.Exists(data) ? Directory.EnumerateDirectories(data).Select(Path.GetFullPath) : [];
    }

    public IEnumerable<RecordedRow> RowsWithValue()
    {
        using var file = new StreamReader(new GZipStream(File.OpenRead(Path.Combine(folder, "readings.csv.gz")), CompressionMode.Decompress));
        Assert.Equal("building,floor,zone,sensor,type,unit,timestamp_utc,value", file.ReadLine());
        while (file.ReadLine() is { } line)
        {
            var cells = line.Split(',');
            Assert.Equal(8, cells.Length);
            if (cells[7].Length == 0)
                continue;
            yield return new RecordedRow(
                cells[0], cells[1].Length == 0 ? "-" : cells[1], cells[2].Length == 0 ? null : cells[2], cells[3], cells[4],
                DateTime.Parse(cells[6], CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal),
                double.Parse(cells[7], CultureInfo.InvariantCulture));
        }
    }

    /// <summary>
    /// Writes a set with the oddities of real ones: empty values, an empty floor and zone, jittered stamps, the same row twice,
    /// two values for one moment, a gap, negative and long numbers.
    /// </summary>
    public static RecordedDataSet Generate(string folder, int minutes, int seed)
    {
        Directory.CreateDirectory(folder);
        var random = new Random(seed);
        var sensors = Enumerable.Range(0, 24).Select(i => (
            Floor: i < 4 ? "" : (i % 3 + 1).ToString(CultureInfo.InvariantCulture), Zone: i % 5 == 0 ? "" : $"Z{i % 6}",
            Name: $"S{i:00}", Type: i % 2 == 0 ? "temperature" : "co2", Unit: i % 2 == 0 ? "degC" : "ppm")).ToList();
        using (var file = new StreamWriter(Path.Combine(folder, "sensors.csv")))
        {
            file.NewLine = "\n";
            file.WriteLine("building,floor,zone,sensor,type,unit,source_column,note,rows,missing,median_interval_s");
            foreach (var sensor in sensors)
                file.WriteLine($"Generated,{sensor.Floor},{sensor.Zone},{sensor.Name},{sensor.Type},{sensor.Unit},x,,{minutes},0,60");
        }

        using var rows = new StreamWriter(new GZipStream(File.Create(Path.Combine(folder, "readings.csv.gz")), CompressionLevel.Fastest));
        rows.NewLine = "\n";
        rows.WriteLine("building,floor,zone,sensor,type,unit,timestamp_utc,value");
        var start = new DateTime(2023, 10, 28, 20, 0, 0, DateTimeKind.Utc);
        for (var minute = 0; minute < minutes; minute++)
        {
            if (minute is > 200 and < 320)
                continue;
            var time = start.AddMinutes(minute).AddSeconds(random.Next(-1, 2));
            foreach (var sensor in sensors)
            {
                var value = random.Next(40) == 0 ? "" : (random.NextDouble() * 40 - 10).ToString("R", CultureInfo.InvariantCulture);
                var row = $"Generated,{sensor.Floor},{sensor.Zone},{sensor.Name},{sensor.Type},{sensor.Unit},{time:yyyy-MM-ddTHH:mm:ssZ},";
                rows.WriteLine(row + value);
                if (random.Next(500) == 0)
                    rows.WriteLine(row + value);
                if (random.Next(500) == 0)
                    rows.WriteLine(row + "99.5");
            }
        }

        return new RecordedDataSet(folder);
    }
}
