using System.Collections.Frozen;
using System.Text;

namespace BuildingMgmt.Functions.Catalogue;

/// <summary>Who may send readings: a gateway, for its building, or a user who posts them, for those of the user's grants.</summary>
/// <param name="Id">As events give it: the gateway's id, or the user's name behind <see cref="UserPrefix"/>.</param>
/// <param name="Buildings">Whose readings it may send; null means all.</param>
public sealed record CatalogueSender(string Id, bool IsGateway, bool IsActive, IReadOnlyList<CatalogueBuilding>? Buildings)
{
    /// <summary>Before the name of a user who posts readings: no gateway's id begins so.</summary>
    public const string UserPrefix = "http:";

    /// <summary>Whether readings of this building's sensors are its to send. It has one building or a few: looking through them beats hashing.</summary>
    public bool MaySendFor(CatalogueBuilding building)
    {
        if (Buildings is null)
            return true;
        for (var index = 0; index < Buildings.Count; index++)
        {
            if (ReferenceEquals(Buildings[index], building))
                return true;
        }

        return false;
    }
}

/// <summary>Senders by id.</summary>
internal sealed class CatalogueSenders
{
    private const int CharsOnStackMax = 256;

    private readonly FrozenDictionary<string, CatalogueSender> byId;
    private readonly FrozenDictionary<string, CatalogueSender>.AlternateLookup<ReadOnlySpan<char>> lookup;

    public CatalogueSenders(IEnumerable<CatalogueSender> senders)
    {
        byId = senders.ToFrozenDictionary(sender => sender.Id, StringComparer.Ordinal);
        lookup = byId.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public CatalogueSender? Find(ReadOnlySpan<byte> idUtf8)
    {
        // UTF-8 has at least a byte for each char.
        if (idUtf8.Length > CharsOnStackMax)
            return null;
        Span<char> chars = stackalloc char[CharsOnStackMax];
        return Encoding.UTF8.TryGetChars(idUtf8, chars, out var written) && lookup.TryGetValue(chars[..written], out var sender) ? sender : null;
    }
}
