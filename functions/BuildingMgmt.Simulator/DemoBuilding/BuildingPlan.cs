namespace BuildingMgmt.Simulator.DemoBuilding;

internal enum ZoneUse
{
    Office,
    Meeting,
    Canteen,
    Kitchen,
    Lobby,
    Equipment,
}

/// <summary>A room or part of one.</summary>
/// <param name="Name">As people call it; unique on its floor.</param>
/// <param name="AreaM2">Floor area; rooms are 2.9 m high.</param>
/// <param name="FacadeAzimuth">Where its outer wall faces, degrees from north; null inside the building.</param>
/// <param name="GlassM2">Window area in that wall.</param>
/// <param name="Desks">People whose place this is.</param>
/// <param name="DeskSensors">Desks with a thermometer of their own.</param>
internal sealed record ZonePlan(
    string Name, ZoneUse Use, double AreaM2, double? FacadeAzimuth = null, double GlassM2 = 0, int Desks = 0, int DeskSensors = 0)
{
    public const double HeightM = 2.9;

    public double VolumeM3 => AreaM2 * HeightM;

    /// <summary>Runs day and night, as its machines do.</summary>
    public bool NeverRests => Use == ZoneUse.Equipment;

    /// <summary>Air that its valve lets in when wide open, m³/h.</summary>
    public double AirflowMax => Use switch
    {
        ZoneUse.Equipment => AreaM2 * 60,
        ZoneUse.Meeting or ZoneUse.Canteen or ZoneUse.Kitchen => AreaM2 * 20,
        _ => AreaM2 * 12,
    };

    /// <summary>What its radiators give with the valve wide open, watts; none inside the building.</summary>
    public double RadiatorWattsMax => FacadeAzimuth is null ? 0 : AreaM2 * 65;
}

internal sealed record FloorPlan(string Name, IReadOnlyList<ZonePlan> Zones);

/// <summary>The demo building: an office in Amsterdam with four floors of eight zones, desks for 167 people and 245 sensors.</summary>
internal static class BuildingPlan
{
    public const string BuildingName = "Demo office";
    public const string TimeZone = "Europe/Amsterdam";

    private const double North = 0;
    private const double East = 90;
    private const double South = 180;
    private const double West = 270;

    public static IReadOnlyList<FloorPlan> Floors { get; } =
    [
        new FloorPlan("Ground floor",
        [
            new ZonePlan("Lobby", ZoneUse.Lobby, 90, South, 36, Desks: 2),
            new ZonePlan("Canteen", ZoneUse.Canteen, 150, East, 40),
            new ZonePlan("Kitchen", ZoneUse.Kitchen, 40, North, 4, Desks: 2),
            new ZonePlan("Meeting room Amstel", ZoneUse.Meeting, 35, West, 8),
            new ZonePlan("Meeting room Vecht", ZoneUse.Meeting, 35, North, 8),
            new ZonePlan("Facility office", ZoneUse.Office, 45, West, 10, Desks: 4),
            new ZonePlan("Print room", ZoneUse.Lobby, 20),
            new ZonePlan("Server room", ZoneUse.Equipment, 25),
        ]),
        OfficeFloor("Floor 1", deskSensorsPerZone: 0, "Maas", "Waal"),
        // The floor with a thermometer at many desks: one floor of the demo carries about a hundred sensors.
        OfficeFloor("Floor 2", deskSensorsPerZone: 16, "Rijn", "IJssel"),
        OfficeFloor("Floor 3", deskSensorsPerZone: 0, "Schelde", "Eems"),
    ];

    private static FloorPlan OfficeFloor(string name, int deskSensorsPerZone, string firstMeetingRoom, string secondMeetingRoom) => new(name,
    [
        new ZonePlan("Open office north", ZoneUse.Office, 140, North, 30, Desks: 16, deskSensorsPerZone),
        new ZonePlan("Open office south", ZoneUse.Office, 140, South, 30, Desks: 16, deskSensorsPerZone),
        new ZonePlan("Office east", ZoneUse.Office, 60, East, 14, Desks: 8, deskSensorsPerZone / 2),
        new ZonePlan("Office west", ZoneUse.Office, 60, West, 14, Desks: 8, deskSensorsPerZone / 2),
        new ZonePlan("Project room", ZoneUse.Office, 50, South, 11, Desks: 5, deskSensorsPerZone / 3),
        new ZonePlan("Meeting room " + firstMeetingRoom, ZoneUse.Meeting, 32, North, 8),
        new ZonePlan("Meeting room " + secondMeetingRoom, ZoneUse.Meeting, 24, West, 6),
        new ZonePlan("Corridor", ZoneUse.Lobby, 80),
    ]);
}
