using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.DeadLetters;

internal static partial class DeadLetterLog
{
    [LoggerMessage(LogEvents.DeadLettersReplayed, LogLevel.Information,
        "{Caller} replayed {Letters} dead letters: {Stored} readings stored, {Duplicate} were there already, {StillBad} are still bad")]
    public static partial void DeadLettersReplayed(
        this ILogger logger, string caller, long letters, long stored, long duplicate, long stillBad);
}
