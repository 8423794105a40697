using BuildingMgmt.Functions.LatestValues;

namespace BuildingMgmt.Functions.Tests.LatestValues;

public sealed class FloorLatestValuesTests
{
    [Fact]
    public void Bytes_of_a_point_are_as_documented()
    {
        var packed = FloorLatestValues.Pack([new LatestValue(0x01020304, 0x1112131415161718, 1.5, ReadingQuality.Suspect)]);
        Assert.Equal("04030201" + "03000000" + "1817161514131211" + "000000000000F83F", Convert.ToHexString(packed.Blocks[0]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(FloorLatestValues.PointsPerBlockMax)]
    [InlineData(FloorLatestValues.PointsPerBlockMax + 1)]
    [InlineData(FloorLatestValues.PointsMax)]
    public void What_was_packed_is_found_again(int count)
    {
        var values = Values(count);
        var packed = FloorLatestValues.TryUnpack(FloorLatestValues.Pack(values).Blocks.ToArray());
        Assert.NotNull(packed);
        Assert.Equal(count, packed.Count);
        for (var index = 0; index < count; index++)
        {
            Assert.Equal(values[index], packed[index]);
            Assert.True(packed.TryGet(values[index].PointId, out var found));
            Assert.Equal(values[index], found);
            Assert.False(packed.TryGet(values[index].PointId + 1, out _));
        }

        Assert.False(packed.TryGet(0, out _));
        Assert.All(packed.Blocks.ToArray(), block => Assert.InRange(block.Length, 1, 64 * 1024));
    }

    [Fact]
    public void More_points_than_an_entity_holds_are_refused() =>
        Assert.Throws<ArgumentException>(() => FloorLatestValues.Pack(Values(FloorLatestValues.PointsMax + 1)));

    [Fact]
    public void Bytes_that_are_no_latest_values_are_told_from_those_that_are()
    {
        var block = FloorLatestValues.Pack(Values(3)).Blocks[0];
        Assert.NotNull(FloorLatestValues.TryUnpack([block]));
        Assert.Null(FloorLatestValues.TryUnpack([block[..^1]]));
        Assert.Null(FloorLatestValues.TryUnpack([block, block]));
        Assert.Null(FloorLatestValues.TryUnpack([[]]));
        Assert.Null(FloorLatestValues.TryUnpack([[.. block[24..], .. block[..24]]]));
        Assert.Null(FloorLatestValues.TryUnpack([[.. block[..4], 4, .. block[5..]]]));
    }

    private static LatestValue[] Values(int count) =>
        [.. Enumerable.Range(1, count).Select(number => new LatestValue(number * 2, number, number / 2.0, (ReadingQuality)(number % 4)))];
}
