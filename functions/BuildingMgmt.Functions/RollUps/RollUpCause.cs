namespace BuildingMgmt.Functions.RollUps;

/// <summary>Why a bucket changed that was rolled up before, as it is stored.</summary>
internal static class RollUpCause
{
    public const string Rebuild = "rebuild";
    public const string TimeZone = "time zone";
}
