using BuildingMgmt.Simulator.Gateways;

namespace BuildingMgmt.Simulator.DemoBuilding;

/// <summary>A reading and the floor, by index, whose gateway passes it on.</summary>
internal readonly record struct FloorReading(int Floor, SensorReading Reading);

/// <summary>Reads the sensors off the model, each at its own second of its interval, with the faults of real devices.</summary>
internal sealed class SensorReadout(int seed, BuildingModel model, IReadOnlyList<DemoSensor> sensors)
{
    private readonly Device[] _devices = [.. sensors.Select(sensor => new Device(seed, sensor))];

    /// <summary>Moves the model on and returns what was measured, in order of time.</summary>
    /// <param name="after">Second after which to begin; excluded.</param>
    /// <param name="until">Last second; included.</param>
    public IEnumerable<FloorReading> Read(DateTimeOffset after, DateTimeOffset until)
    {
        for (var second = after.ToUnixTimeSeconds() + 1; second <= until.ToUnixTimeSeconds(); second++)
        {
            var time = DateTimeOffset.FromUnixTimeSeconds(second);
            model.AdvanceTo(time);
            foreach (var device in _devices)
            {
                if (!device.ReportsAt(second))
                    continue;
                foreach (var reading in device.Read(model, time))
                    yield return reading;
            }
        }
    }

    private sealed class Device
    {
        private readonly DemoSensor _sensor;
        private readonly int _floor;
        private readonly int _phaseSeconds;
        private readonly ulong[] _seeds;

        public Device(int seed, DemoSensor sensor)
        {
            _sensor = sensor;
            _floor = BuildingPlan.Floors.Index().First(floor => floor.Item.Name == sensor.Floor).Index;
            _seeds = [.. sensor.Points.Select(point => SmoothNoise.Seed(seed, sensor.SensorId + point.Metric))];
            _phaseSeconds = (int)(SmoothNoise.Uniform(_seeds[0], 0) * sensor.IntervalSeconds);
        }

        public bool ReportsAt(long second) => second % _sensor.IntervalSeconds == _phaseSeconds;

        public IEnumerable<FloorReading> Read(BuildingModel model, DateTimeOffset time)
        {
            for (var point = 0; point < _seeds.Length; point++)
            {
                var value = Show(_sensor.Points[point], _seeds[point], model, time);
                yield return new FloorReading(_floor, new SensorReading(_sensor.SensorId, time, _sensor.Points[point].Metric, value));
            }
        }

        private static double Show(DemoPoint point, ulong seed, BuildingModel model, DateTimeOffset time)
        {
            var noise = (point.BiasDeviation * SmoothNoise.Normal(seed, 1))
                + (point.NoiseDeviation * SmoothNoise.Normal(seed, (ulong)time.ToUnixTimeSeconds()));
            var steps = Math.Round((point.Read(model) + noise) / point.Resolution);
            // Dividing by the whole inverse gives 21.37 where multiplying by 0.01 gives 21.370000000000001.
            var shown = point.Resolution < 1 ? steps / Math.Round(1 / point.Resolution) : steps * point.Resolution;
            return Math.Clamp(shown, point.PlausibleMin, point.PlausibleMax);
        }
    }
}
