namespace BuildingMgmt.LocalRuntime.Hosting;

/// <summary>Ids of what the runtime logs. They never change; a retired number stays reserved.</summary>
internal static class LogEvents
{
    // 100-199 functions and HTTP, 200-299 timers, 300-399 Event Hubs, 400-499 configuration, 500-599 durable orchestrations.
    public const int FunctionFailed = 100;
    public const int NoHttpResponse = 101;
    public const int TriggeredRunFailed = 102;
    public const int RunCancelled = 103;
    public const int RunTimedOut = 104;
    public const int FunctionStillFails = 105;
    public const int FunctionWorksAgain = 106;

    public const int TimerScheduled = 200;
    public const int TimerPastDue = 201;
    public const int TimerStorageAway = 202;
    public const int TimerStatusNotWritten = 203;

    public const int ListenerStarted = 300;
    public const int PartitionClaimed = 301;
    public const int PartitionLost = 302;
    public const int PartitionTaken = 303;
    public const int PartitionDisconnected = 304;
    public const int PartitionConnectedAgain = 305;
    public const int CheckpointFailed = 306;
    public const int CheckpointsWrittenAgain = 307;
    public const int StorageAway = 308;
    public const int StorageBack = 309;
    public const int HubAway = 310;
    public const int OwnershipNotGivenUp = 311;
    public const int EventUndecodable = 312;
    public const int PositionUnknown = 313;

    public const int StorageProviderIgnored = 400;

    // 500-519 the worker.
    public const int DurableWorkerEntered = 500;
    public const int DurableWorkerDied = 501;
    public const int DurableWorkerLeft = 502;
    public const int DurableWorkerNotLeft = 503;
    public const int DurableStoreAway = 504;
    public const int DurableStoreBack = 505;
    public const int DurableStepStuck = 506;
    public const int DurableStepGivenUp = 507;
    public const int DurableResultStuck = 508;
    public const int DurableActivityFailed = 510;
    public const int DurableResultRefused = 511;
    public const int DurableStepRefused = 512;
    public const int DurableStepRunsLong = 513;

    // 520-539 the store.
    public const int DurableNotListening = 520;
    public const int DurableListeningAgain = 521;
    public const int DurableUnreadable = 522;
    public const int DurableFrozenSessions = 523;

    // 540-559 the client and hosting.
    public const int DurableWaitsStoreAway = 540;
    public const int DurableStoreNotReady = 541;
    public const int DurableStarted = 542;
    public const int DurableStoreReady = 543;

    // 560-579 the code of orchestrators.
    public const int OrchestrationFailed = 560;
    public const int OrchestrationDiffers = 561;
    public const int OrchestratorUnknown = 562;
    public const int TaskRetried = 563;
    public const int OrchestrationLeft = 564;
}
