using System.IO.Compression;
using System.Text;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Simulator.Tests.Replay;

/// <summary>
/// A data set with the oddities of real ones: two buildings, an empty floor and zone, quoted names, jitter, mixed intervals,
/// empty values, conflicting and equal duplicates, text in place of a number, a night on which the clock changes.
/// </summary>
internal sealed class SmallDataSet : IDisposable
{
    public const string SensorsHeader =
        "building,floor,zone,sensor,type,unit,source_column,note,rows,missing,median_interval_s,first_utc,last_utc";

    public const string ReadingsHeader = "building,floor,zone,sensor,type,unit,timestamp_utc,value";

    private readonly ScratchFolder _folder = new();

    public string Folder => _folder.Path;

    public static SmallDataSet Create()
    {
        var set = new SmallDataSet();
        set.WriteSensors(
            SensorsHeader,
            "Oak House,1,East,oak-1-temp,temperature,degC,T,,9,1,60,2022-10-30T00:58:00Z,2022-10-30T01:02:00Z",
            "Oak House,1,East,oak-1-co2,co2,ppm,C,\"a note, with a comma\",4,0,59.6,2022-10-30T00:58:00Z,2022-10-30T01:02:00Z",
            "Oak House,,,\"meter \"\"main\"\", hall\",power,W,P,,2,0,,2022-10-30T00:58:00Z,2022-10-30T01:02:00Z",
            "Elm & Sons,2,,elm-door,door_open,0/1,D,,1,0,164280,2022-10-30T00:58:00Z,2022-10-30T01:02:00Z",
            "Elm & Sons,2,,elm-multi,temperature,degC,D,,1,0,600,,",
            "Elm & Sons,2,,elm-multi,humidity,fraction,D,,1,0,600,,");
        set.WriteReadings(
            ReadingsHeader,
            "Oak House,1,East,oak-1-temp,temperature,degC,2022-10-30T00:58:00Z,21.366734333333337",
            "Oak House,1,East,oak-1-co2,co2,ppm,2022-10-30T00:58:00Z,424.0",
            "Oak House,,,\"meter \"\"main\"\", hall\",power,W,2022-10-30T00:58:18Z,-1.8e3",
            "Oak House,1,East,oak-1-temp,temperature,degC,2022-10-30T00:59:01Z,",
            "Oak House,1,East,oak-1-co2,co2,ppm,2022-10-30T00:59:01Z,426.5",
            "Oak House,1,East,oak-1-co2,co2,ppm,2022-10-30T00:59:01Z,427.5",
            "Oak House,1,East,oak-1-temp,temperature,degC,2022-10-30T01:00:00Z,21",
            "Oak House,1,East,oak-1-temp,temperature,degC,2022-10-30T01:00:00Z,21",
            "Elm & Sons,2,,elm-door,door_open,0/1,2022-10-30T01:00:00Z,1",
            "Elm & Sons,2,,elm-multi,temperature,degC,2022-10-30T01:01:00.125Z,0.1",
            "Elm & Sons,2,,elm-multi,humidity,fraction,2022-10-30T01:01:00.125Z,0.47399999999999998",
            "Oak House,1,East,oak-1-co2,co2,ppm,2022-10-30T01:02:00Z,#N/A");
        return set;
    }

    public void WriteSensors(params string[] lines) => File.WriteAllText(Path.Combine(Folder, "sensors.csv"), Text(lines));

    public void WriteReadings(params string[] lines)
    {
        using var gzip = new GZipStream(File.Create(Path.Combine(Folder, "readings.csv.gz")), CompressionLevel.Fastest);
        gzip.Write(Encoding.UTF8.GetBytes(Text(lines)));
    }

    public void Dispose() => _folder.Dispose();

    private static string Text(string[] lines) => string.Join('\n', lines) + "\n";
}
