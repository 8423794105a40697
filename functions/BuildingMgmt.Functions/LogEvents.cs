namespace BuildingMgmt.Functions;

/// <summary>
/// Ids of all log events of the app. Operators build alerts on them: never reuse a number.
/// 1000-1099 start, API and health; 1100-1199 ingest; 1200-1299 dashboards and latest values; 1300-1399 control; 1400-1499 sign-in;
/// 1500-1599 orchestrations; 1600-1699 roll-ups; 1700-1799 dead letters.
/// </summary>
internal static class LogEvents
{
    public const int MigrationsApplied = 1000;
    public const int MigrationsWait = 1001;
    public const int RequestFailed = 1010;
    public const int RequestUnavailable = 1011;
    public const int DependencyAway = 1020;
    // 1021 was the cause of 1020, which has it now.
    public const int DependencyBack = 1022;
    public const int CatalogueLoaded = 1030;
    public const int CatalogueUnreadable = 1031;

    public const int DeadLettered = 1101;
    public const int EventsSkipped = 1102;
    public const int HubMadeAnew = 1103;
    public const int PartitionsReady = 1104;
    public const int StaleSessionsEnded = 1105;

    public const int HistoryTooSlow = 1200;

    public const int LatestValuesLost = 1250;
    public const int LatestValuesRepaired = 1251;
    public const int LatestValuesUnreadable = 1252;
    public const int LatestValuesFloorFull = 1253;
    public const int LatestValuesRepairFailed = 1254;

    public const int SignInRefused = 1400;
    public const int SignInLocked = 1401;
    public const int RefreshTokenReused = 1402;

    public const int OrchestrationsPurged = 1500;

    public const int RolledUp = 1600;
    public const int RollUpTooSlow = 1601;
    public const int RollUpZoneChanged = 1602;

    public const int DeadLettersReplayed = 1700;
    public const int OldDeadLettersPurged = 1701;
    public const int SurplusDeadLettersPurged = 1702;
}
