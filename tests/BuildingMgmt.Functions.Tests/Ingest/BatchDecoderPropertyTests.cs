using System.Text;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Ingest;
using FsCheck;
using FsCheck.Xunit;

namespace BuildingMgmt.Functions.Tests.Ingest;

public sealed class BatchDecoderPropertyTests
{
    private static readonly CatalogueSnapshot Catalogue = TestBuilding.Snapshot();

    // One decoder for all, as in the app: what one event leaves behind must not show in the next.
    private readonly BatchDecoder decoder = new();

    [Property(MaxTest = 1_000)]
    public void Any_batch_is_decoded_as_the_model_says(int seed)
    {
        var batch = new RandomBatch(new Random(seed)).Batch();
        AssertSameAsModel(Encoding.UTF8.GetBytes(batch));
    }

    [Property(MaxTest = 3_000)]
    public void Damaged_batch_is_decoded_as_the_model_says(int seed)
    {
        var random = new Random(seed);
        var bytes = Encoding.UTF8.GetBytes(new RandomBatch(random).Batch()).ToList();
        for (var damage = random.Next(1, 4); damage > 0 && bytes.Count > 0; damage--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                case 2:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(random.Next(40), bytes.Count - at));
                    break;
                default:
                    bytes.InsertRange(at, bytes[at..Math.Min(bytes.Count, at + random.Next(60))]);
                    break;
            }
        }

        AssertSameAsModel([.. bytes]);
    }

    [Property(MaxTest = 1_000)]
    public void Random_bytes_are_an_unreadable_event(byte[] bytes) =>
        Assert.True(DecodedText.Decode(bytes, Catalogue, decoder).Unreadable);

    [Property(MaxTest = 300)]
    public void Batch_cut_short_is_unreadable_and_leaves_nothing(int seed)
    {
        var random = new Random(seed);
        var bytes = Encoding.UTF8.GetBytes(new RandomBatch(random).Batch());
        var decoded = DecodedText.Decode(bytes[..random.Next(bytes.Length)], Catalogue, decoder);
        Assert.Equal((true, "", ""), (decoded.Unreadable, decoded.Readings, decoded.Errors));
    }

    private void AssertSameAsModel(byte[] utf8)
    {
        var expected = DecoderModel.Decode(utf8, Catalogue);
        var actual = DecodedText.Decode(utf8, Catalogue, decoder);
        // Whose unreadable event it was is told where it can be; the model knows it only of a whole document.
        if (expected.Unreadable)
            actual = actual with { GatewayId = expected.GatewayId };
        if (expected != actual)
            Assert.Fail($"{Encoding.UTF8.GetString(utf8)}\nmodel: {expected}\ndecoder: {actual}");
    }
}
