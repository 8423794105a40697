using BuildingMgmt.Functions.History;

namespace BuildingMgmt.Functions.Tests.History;

public sealed class SeriesReductionTests
{
    private static readonly DateTime Start = new(2026, 3, 10, 0, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void Each_bucket_gives_the_sample_of_the_largest_triangle()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var samples = Enumerable.Range(0, random.Next(3, 300)).Select(second => At(second, random.Next(1_000))).ToList();
            var count = random.Next(3, samples.Count + 1);
            Assert.Equal(Plain(samples, count), SeriesReduction.Reduce(samples, count));
        }
    }

    [Fact]
    public void Reduced_series_has_what_was_asked_for_in_order_and_keeps_its_gaps()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var samples = Broken(random);
            var max = random.Next(2, 120);
            var reduced = SeriesReduction.Reduce(samples, max);

            Assert.True(reduced.Count <= max, $"seed {seed}: {reduced.Count} of {max}");
            Assert.Equal(reduced, reduced.OrderBy(sample => sample.At));
            Assert.Subset(samples.ToHashSet(), reduced.ToHashSet());
            var breaks = samples.Count(sample => !sample.HasValue);
            if (samples.Count <= max)
                Assert.Equal(samples, reduced);
            else if (2 * breaks + 1 <= max)
                Assert.Equal((breaks, max), (reduced.Count(sample => !sample.HasValue), reduced.Count));
        }
    }

    [Fact]
    public void Longest_gaps_stay_when_there_are_more_than_samples()
    {
        List<HistorySample> samples = [At(0, 1), HistorySample.Gap(Second(1)), At(5, 2), HistorySample.Gap(Second(6)), At(90, 3), HistorySample.Gap(Second(91)), At(93, 4)];
        Assert.Equal([At(0, 1), HistorySample.Gap(Second(6)), At(90, 3)], SeriesReduction.Reduce(samples, 3));
    }

    [Fact]
    public void Spike_among_many_samples_stays()
    {
        var samples = Enumerable.Range(0, 10_000).Select(second => At(second, second == 7_123 ? 900 : 20)).ToList();
        Assert.Contains(At(7_123, 900), SeriesReduction.Reduce(samples, 50));
    }

    [Fact]
    public void Largest_numbers_there_are_do_not_break_it()
    {
        var samples = Enumerable.Range(0, 100).Select(second => At(second, second % 2 == 0 ? double.MaxValue : -double.MaxValue)).ToList();
        Assert.Equal(10, SeriesReduction.Reduce(samples, 10).Distinct().Count());
    }

    // The paper's algorithm, written down without regard to anything else.
    private static List<HistorySample> Plain(List<HistorySample> samples, int count)
    {
        if (count >= samples.Count)
            return samples;
        var buckets = Enumerable.Range(0, count - 2)
            .Select(bucket => samples[(1 + (samples.Count - 2) * bucket / (count - 2))..(1 + (samples.Count - 2) * (bucket + 1) / (count - 2))])
            .Append([samples[^1]])
            .ToList();
        List<HistorySample> chosen = [samples[0]];
        for (var bucket = 0; bucket < count - 2; bucket++)
        {
            var (a, cx, cy) = (chosen[^1], buckets[bucket + 1].Average(Seconds), buckets[bucket + 1].Average(sample => sample.Value));
            chosen.Add(buckets[bucket].MaxBy(b => Math.Round(
                Math.Abs((Seconds(a) - cx) * (b.Value - a.Value) - (Seconds(a) - Seconds(b)) * (cy - a.Value)) / 2, 6)));
        }

        return [.. chosen, samples[^1]];
    }

    private static List<HistorySample> Broken(Random random)
    {
        List<HistorySample> samples = [At(0, 1)];
        for (var second = 1; samples.Count < 200; second++)
        {
            if (samples[^1].HasValue && random.Next(15) == 0)
                samples.Add(HistorySample.Gap(Second(second)));
            else
                samples.Add(At(second, random.Next(100)));
        }

        if (!samples[^1].HasValue)
            samples.Add(At(1_000, 1));
        return samples;
    }

    private static double Seconds(HistorySample sample) => (sample.At - Start).TotalSeconds;

    private static DateTime Second(int second) => Start.AddSeconds(second);

    private static HistorySample At(int second, double value) => new(Second(second), value);
}
