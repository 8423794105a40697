using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.DeadLetters;

internal static partial class DeadLetterLog
{
    [LoggerMessage(LogEvents.DeadLettersReplayed, LogLevel.Information,
        "{Caller} replayed {Letters} dead letters: {Stored} readings stored, {Duplicate} were there already, {StillBad} are still bad")]
    public static partial void DeadLettersReplayed(
        this ILogger logger, string caller, long letters, long stored, long duplicate, long stillBad);

    [LoggerMessage(LogEvents.OldDeadLettersPurged, LogLevel.Warning,
        "Deleted {Letters} dead letters with {Readings} readings that were never stored: they were kept for {KeepDays} days. What they were is in dead_letter_purge")]
    public static partial void OldDeadLettersPurged(this ILogger logger, long letters, long readings, int keepDays);

    [LoggerMessage(LogEvents.SurplusDeadLettersPurged, LogLevel.Error,
        "Deleted {Letters} dead letters with {Readings} readings that were never stored: more than {LettersMax} letters or {MiBMax} MiB of them are not kept. What they were is in dead_letter_purge")]
    public static partial void SurplusDeadLettersPurged(this ILogger logger, long letters, long readings, int lettersMax, int miBMax);
}
