using BuildingMgmt.Functions.Catalogue;

namespace BuildingMgmt.Functions.History;

/// <summary>Days by a building's clock.</summary>
internal sealed class BuildingClock(CatalogueBuilding building)
{
    // As roll-ups do with a zone that is not known here.
    private readonly TimeZoneInfo zone = TimeZoneInfo.TryFindSystemTimeZoneById(building.TimeZone, out var found) ? found : TimeZoneInfo.Utc;

    /// <summary>The building's date at a moment.</summary>
    public DateOnly DayOf(DateTime utc) => DateOnly.FromDateTime(LocalOf(utc));

    /// <summary>What the building's clock shows at a moment.</summary>
    public DateTime LocalOf(DateTime utc) => TimeZoneInfo.ConvertTimeFromUtc(utc, zone);

    /// <summary>The first moment of a day: later than midnight where the clock is put on at midnight, the first midnight where it is put back.</summary>
    public DateTime StartOf(DateOnly day)
    {
        var local = day.ToDateTime(TimeOnly.MinValue);
        while (zone.IsInvalidTime(local))
            local = local.AddMinutes(1);
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return DateTime.SpecifyKind(local - offset, DateTimeKind.Utc);
    }
}
