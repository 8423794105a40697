using BuildingMgmt.Database;
using BuildingMgmt.Simulator.Replay;

namespace BuildingMgmt.Simulator.Tests.Replay;

public sealed class DataSetTests : IDisposable
{
    private readonly SmallDataSet _files = SmallDataSet.Create();

    [Fact]
    public void Sensors_become_buildings_floors_zones_and_points_by_the_rule()
    {
        var buildings = DataSet.Open(_files.Folder).Specifications("Europe/Amsterdam");

        Assert.Equal(["Oak House", "Elm & Sons"], buildings.Select(building => building.Name));
        Assert.Equal(StableId.Create("building/Oak House"), buildings[0].BuildingId);
        Assert.All(buildings, building => Assert.Equal("Europe/Amsterdam", building.TimeZone));
        Assert.Equal(["1", "-"], buildings[0].Floors.Select(floor => floor.Name));

        var temperature = buildings[0].Floors[0].Sensors[0];
        Assert.Equal(("oak-1-temp", "temperature", "East"), (temperature.Name, temperature.Type, temperature.Zone));
        Assert.Equal(StableId.Create("building/Oak House/floor/1/sensor/oak-1-temp"), temperature.SensorId);
        Assert.Equal(new PointSpec("temperature", "degC", null, null, 60), Assert.Single(temperature.Points));

        var meter = Assert.Single(buildings[0].Floors[1].Sensors);
        Assert.Equal(("meter \"main\", hall", null), (meter.Name, meter.Zone));
        Assert.Equal(["temperature", "humidity"], buildings[1].Floors[0].Sensors[1].Points.Select(point => point.Metric));
        Assert.Equal(164280, buildings[1].Floors[0].Sensors[0].Points[0].IntervalSeconds);
    }

    [Fact]
    public void Rows_come_in_the_order_of_the_file_with_their_values_to_the_last_digit()
    {
        var rows = DataSet.Open(_files.Folder).ReadRows().ToArray();
        Assert.Equal(12, rows.Length);
        Assert.Equal(21.366734333333337, rows[0].Value);
        Assert.Equal(-1800, rows[2].Value);
        Assert.True(rows[3].IsMissing);
        Assert.Equal([426.5, 427.5], [rows[4].Value, rows[5].Value]);
        Assert.Equal(TimeSpan.FromMilliseconds(125), rows[9].Timestamp.TimeOfDay - new TimeSpan(1, 1, 0));
        Assert.Equal("#N/A", rows[11].Text);
        Assert.False(rows[11].IsMissing);
    }

    [Theory]
    [InlineData("Oak House,1,East,oak-1-temp,temperature,degC,2022-10-30T00:58:00Z", "line 3: The row has 7 columns, the header has 8.")]
    [InlineData("Oak House,1,East,oak-1-temp,temperature,degC,30/10/2022 01:00,21", "line 3: \"30/10/2022 01:00\" is no timestamp")]
    [InlineData("Oak House,1,East,stranger,temperature,degC,2022-10-30T00:58:00Z,21", "line 3: Sensor \"stranger\"")]
    [InlineData("Oak House,1,East,oak-1-temp,weight,degC,2022-10-30T00:58:00Z,21", "line 3: Sensor \"oak-1-temp\" with type \"weight\"")]
    [InlineData("Oak House,1,East,oak\"-1-temp,temperature,degC,2022-10-30T00:58:00Z,21", "line 3: A quotation mark")]
    public void A_bad_row_is_an_error_that_names_file_and_line(string row, string message)
    {
        _files.WriteReadings(
            SmallDataSet.ReadingsHeader, "Oak House,1,East,oak-1-temp,temperature,degC,2022-10-30T00:58:00Z,21", row);
        var error = Assert.Throws<CommandException>(() => DataSet.Open(_files.Folder).ReadRows().Count());
        Assert.StartsWith("readings.csv.gz " + message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quotation_mark_that_is_never_closed_is_found_before_the_rest_of_the_file_is_in_memory()
    {
        _files.WriteReadings([
            SmallDataSet.ReadingsHeader, "\"Oak House,1,East,oak-1-temp,temperature,degC,2022-10-30T00:58:00Z,21",
            .. Enumerable.Repeat("Oak House,1,East,oak-1-temp,temperature,degC,2022-10-30T00:58:00Z,21", 10_000)]);
        var error = Assert.Throws<CommandException>(() => DataSet.Open(_files.Folder).ReadRows().Count());
        Assert.Contains("longer than 4096 characters", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a,b", "sensors.csv line 1: Column \"building\" is missing")]
    [InlineData(SmallDataSet.SensorsHeader, "sensors.csv line 2: The file names no sensor.")]
    [InlineData(SmallDataSet.SensorsHeader + "\nOak,1,E,s,,degC,,,,,60,,", "sensors.csv line 2: Building, sensor and type must not be empty.")]
    [InlineData(SmallDataSet.SensorsHeader + "\nOak,1,E,s,t,degC,,,,,often,,", "sensors.csv line 2: \"often\" in median_interval_s")]
    [InlineData(SmallDataSet.SensorsHeader + "\nOak,1,E,s,t,C,,,,,60,,\nOak,1,E,s,t,C,,,,,60,,", "sensors.csv line 3: Sensor \"s\" with type \"t\" stands twice")]
    [InlineData(SmallDataSet.SensorsHeader + "\nOak,1,E,s,t,C,,,,,60,,\nOak,1,F,s,u,C,,,,,60,,", "sensors.csv line 3: Sensor \"s\" is in two zones")]
    public void Bad_metadata_is_an_error_that_names_file_and_line(string text, string message)
    {
        _files.WriteSensors(text);
        Assert.StartsWith(message, Assert.Throws<CommandException>(() => DataSet.Open(_files.Folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_a_data_set_is_refused_by_name() =>
        Assert.Contains("sensors.csv", Assert.Throws<CommandException>(() => DataSet.Open("/nowhere")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_that_is_no_gzip_is_refused()
    {
        File.WriteAllText(Path.Combine(_files.Folder, "readings.csv.gz"), "building,floor,zone,sensor,type,unit,timestamp_utc,value");
        Assert.StartsWith(
            "readings.csv.gz line", Assert.Throws<CommandException>(() => DataSet.Open(_files.Folder).ReadRows().Count()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(250)]
    public void A_file_that_is_cut_off_is_an_error_and_not_a_shorter_data_set(int bytes)
    {
        using (var file = File.OpenWrite(Path.Combine(_files.Folder, "readings.csv.gz")))
            file.SetLength(file.Length - bytes);
        Assert.StartsWith(
            "readings.csv.gz", Assert.Throws<CommandException>(() => DataSet.Open(_files.Folder).ReadRows().Count()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Gateways_are_named_after_their_building_and_never_share_a_name()
    {
        Assert.Equal("replay-windesheim", ReplayGateways.Id("Windesheim"));
        Assert.Equal("replay-candanedo-office", ReplayGateways.Id("Candanedo office"));
        Assert.StartsWith("replay-elm-sons-", ReplayGateways.Id("Elm & Sons"), StringComparison.Ordinal);
        Assert.NotEqual(ReplayGateways.Id("Elm & Sons"), ReplayGateways.Id("Elm + Sons"));
        Assert.NotEqual(ReplayGateways.Id("Ωmega"), ReplayGateways.Id("Δmega"));
        Assert.InRange(ReplayGateways.Id(new string('a', 500)).Length, 20, 128);
    }

    public void Dispose() => _files.Dispose();
}
