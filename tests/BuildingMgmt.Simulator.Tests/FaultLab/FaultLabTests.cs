using System.Text.Json;
using BuildingMgmt.Simulator.FaultLab;
using BuildingMgmt.Simulator.Gateways;
using BuildingMgmt.Simulator.Tests.Gateways;

namespace BuildingMgmt.Simulator.Tests.FaultLab;

public sealed class FaultLabTests
{
    private static readonly DateTimeOffset Start = new(2026, 10, 25, 0, 0, 0, TimeSpan.Zero);
    private static readonly Guid Sensor = Guid.Parse("0f0d3b0c-9d0f-8c3f-8a52-0123456789ab");

    [Fact]
    public void Doubles_add_batches_but_no_reading()
    {
        var trial = Trial.Run(new Doubles(seed: 1, share: 0.5), batches: 100);
        Assert.InRange(trial.Sent.Count, 130, 170);
        Assert.Equal(trial.Produced, trial.Account.Stored.Keys.ToHashSet());
        Assert.Equal((trial.Sent.Count - 100) * 10, trial.Account.Duplicates);
        Assert.Contains(trial.Sent.CountBy(batch => batch.BatchId), count => count.Value == 2);
        Assert.Contains(trial.Sent, batch => batch.BatchId.EndsWith("-again", StringComparison.Ordinal));
    }

    [Fact]
    public void Late_batches_arrive_after_newer_ones_and_none_is_missing()
    {
        var trial = Trial.Run(new LateBatches(seed: 1, TimeSpan.FromMinutes(30), share: 0.3), batches: 100);
        Assert.Equal(100, trial.Sent.Count);
        Assert.NotEqual(trial.Sent.OrderBy(batch => batch.BatchId, StringComparer.Ordinal), trial.Sent);
        Assert.Equal(trial.Produced, trial.Account.Stored.Keys.ToHashSet());
    }

    [Fact]
    public void Shuffled_batches_change_order_within_and_between_and_none_is_missing()
    {
        var trial = Trial.Run(new ShuffledBatches(seed: 1), batches: 100);
        Assert.Equal(100, trial.Sent.Count);
        Assert.NotEqual(trial.Sent.OrderBy(batch => batch.BatchId, StringComparer.Ordinal), trial.Sent);
        Assert.Contains(trial.Sent, batch => !batch.Elements.Select(element => element.Timestamp).SequenceEqual(
            batch.Elements.Select(element => element.Timestamp).Order()));
        Assert.Equal(trial.Produced, trial.Account.Stored.Keys.ToHashSet());
    }

    [Fact]
    public void An_hour_offline_ends_with_everything_at_once_and_in_order()
    {
        var offline = new OfflineSpells(Start.AddMinutes(10), TimeSpan.FromHours(1), TimeSpan.FromHours(3));
        var trial = Trial.Run(offline, batches: 100);
        Assert.Equal(60, offline.Touched);
        Assert.Equal(10, trial.SendTimes.Count(time => time < Start.AddMinutes(70)));
        Assert.Equal(61, trial.SendTimes.Count(time => time == Start.AddMinutes(70)));
        Assert.Equal(trial.Sent.OrderBy(batch => batch.BatchId, StringComparer.Ordinal), trial.Sent);
        Assert.Equal(trial.Produced, trial.Account.Stored.Keys.ToHashSet());
    }

    [Fact]
    public void A_clock_ahead_makes_dead_letters_and_a_clock_behind_does_not()
    {
        var trial = Trial.Run(new WrongClock(seed: 1, TimeSpan.FromMinutes(12), TimeSpan.FromHours(30), share: 0.5), batches: 100);
        Assert.True(trial.Account.Refused[RefusalReason.TimestampAhead] > 0);
        Assert.Contains(trial.Account.Stored.Keys, key => key.Timestamp < Start.AddHours(-20));
        Assert.Equal(1_000, trial.Account.Readings);
        Assert.Equal(
            trial.Account.Readings,
            trial.Account.Stored.Count + trial.Account.Duplicates + trial.Account.Refused.Values.Sum());
    }

    [Fact]
    public void In_the_night_the_clock_goes_back_one_hour_is_sent_twice_and_its_first_values_stay()
    {
        // Europe/Amsterdam, 25 October 2026: at 01:00 UTC the clock goes from 03:00 back to 02:00.
        var trial = Trial.Run(new DstNight(Start.AddHours(1)), batches: 180);
        Assert.Equal(600, trial.Account.Duplicates);
        Assert.Equal(1_200, trial.Account.Stored.Count);
        Assert.DoesNotContain(trial.Account.Stored.Keys, key => key.Timestamp >= Start.AddHours(1) && key.Timestamp < Start.AddHours(2));
        // Values count the readings up, so those of the first hour are below 600.
        Assert.All(
            trial.Account.Stored.Where(reading => reading.Key.Timestamp < Start.AddHours(1)),
            reading => Assert.True(reading.Value < 600));
    }

    [Fact]
    public void Bad_readings_leave_the_good_ones_of_their_batch_and_each_has_its_reason()
    {
        var trial = Trial.Run(new BadReadings(seed: 1, share: 0.8), batches: 400);
        Assert.Superset(trial.Produced, trial.Account.Stored.Keys.ToHashSet());
        Assert.True(trial.Account.UnreadableEvents > 0);
        Assert.Equal(
            [RefusalReason.UnknownSensor, RefusalReason.UnknownMetric, RefusalReason.NotANumber, RefusalReason.Malformed],
            trial.Account.Refused.Keys.Order());
        Assert.Contains(trial.Account.Stored.Values, value => value > 1e299);
        Assert.Equal(
            [EventDamage.None, EventDamage.Truncated, EventDamage.NotJson, EventDamage.FalseGzip, EventDamage.TruncatedGzip],
            trial.Sent.Select(batch => batch.Damage).Distinct().Order());
    }

    [Fact]
    public void Damaged_events_cannot_be_read_and_all_others_are_valid_json()
    {
        var trial = Trial.Run(new BadReadings(seed: 2, share: 1), batches: 200);
        foreach (var batch in trial.Sent)
        {
            var sent = GatewayEvent.Encode(batch);
            if (batch.Damage == EventDamage.None)
                RecordingSink.Parse(sent).Dispose();
            else
                Assert.ThrowsAny<Exception>(() => RecordingSink.Parse(sent));
        }
    }

    [Fact]
    public void All_faults_in_a_row_keep_their_account()
    {
        var trial = Trial.Run(
            [
                new WrongClock(1, TimeSpan.FromMinutes(12), TimeSpan.FromHours(30)),
                new BadReadings(2),
                new LateBatches(3, TimeSpan.FromMinutes(30)),
                new OfflineSpells(Start.AddMinutes(20), TimeSpan.FromMinutes(20), TimeSpan.FromHours(1)),
                new ShuffledBatches(4),
                new Doubles(5),
            ],
            batches: 300);
        var readable = trial.Sent.Where(batch => batch.Damage == EventDamage.None).Sum(batch => batch.ReadingCount);
        Assert.Equal(readable, trial.Account.Readings);
        Assert.Equal(readable, trial.Account.Stored.Count + trial.Account.Duplicates + trial.Account.Refused.Values.Sum());
        Assert.True(trial.Account.Duplicates > 0);
    }

    [Fact]
    public void Same_seed_misbehaves_in_the_same_way()
    {
        string Run(int seed) => JsonSerializer.Serialize(Trial.Run([new BadReadings(seed), new ShuffledBatches(seed), new Doubles(seed)], 100).Sent);
        Assert.Equal(Run(1), Run(1));
        Assert.NotEqual(Run(1), Run(2));
    }

    [Fact]
    public void Faults_are_chosen_by_name_and_an_unknown_name_is_refused()
    {
        Assert.Equal(FaultNames.All, FaultNames.Parse("all"));
        Assert.Equal(["late", "bad"], FaultNames.Parse("late, bad"));
        Assert.Empty(FaultNames.Parse(""));
        Assert.Contains("\"hiccups\" is unknown", Assert.Throws<FormatException>(() => FaultNames.Parse("late,hiccups")).Message, StringComparison.Ordinal);

        var chains = FaultPlan.Spread(FaultNames.All, gateways: 4, seed: 1, Start);
        Assert.Equal(FaultNames.All.Order(), chains.SelectMany(chain => chain.Faults).Select(fault => fault.Name).Order());
        Assert.Empty(FaultPlan.Spread(["doubles", "late"], 4, 1, Start)[0].Faults);
    }

    /// <summary>A gateway that sends a batch of ten readings each minute, through faults, with an account behind them.</summary>
    private sealed class Trial
    {
        public List<GatewayBatch> Sent { get; } = [];

        public List<DateTimeOffset> SendTimes { get; } = [];

        public HashSet<(Guid SensorId, string Metric, DateTimeOffset Timestamp)> Produced { get; } = [];

        public FaultAccount Account { get; } = new();

        public static Trial Run(Fault fault, int batches) => Run([fault], batches);

        public static Trial Run(IReadOnlyList<Fault> faults, int batches)
        {
            var trial = new Trial();
            var chain = new FaultChain(faults);
            for (var number = 0; number < batches; number++)
            {
                var now = Start.AddMinutes(number);
                trial.Send(chain.Pass(trial.Produce(number), now), now);
                trial.Send(chain.Release(now), now);
            }

            var end = Start.AddMinutes(batches);
            trial.Send(chain.Drain(end), end);
            return trial;
        }

        private GatewayBatch Produce(int number)
        {
            var elements = new List<BatchElement>();
            for (var index = 0; index < 10; index++)
            {
                var reading = new SensorReading(Sensor, Start.AddMinutes(number).AddSeconds(6 * index), "co2", (10 * number) + index);
                elements.Add(new BatchElement(reading.SensorId, reading.Timestamp, [reading]));
                Produced.Add((reading.SensorId, reading.Metric, reading.Timestamp));
            }

            return new GatewayBatch("gateway-1", $"{number:d4}", Start.AddMinutes(number), elements);
        }

        private void Send(IEnumerable<GatewayBatch> batches, DateTimeOffset now)
        {
            foreach (var batch in batches)
            {
                Sent.Add(batch);
                SendTimes.Add(now);
                Account.Enter(batch, now);
            }
        }
    }
}
