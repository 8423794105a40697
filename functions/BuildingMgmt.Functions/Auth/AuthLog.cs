using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Auth;

internal static partial class AuthLog
{
    [LoggerMessage(LogEvents.SignInRefused, LogLevel.Information, "Refused sign-in of {Name} from {Address}")]
    public static partial void SignInRefused(this ILogger logger, string name, string address);

    [LoggerMessage(LogEvents.SignInLocked, LogLevel.Warning, "Locked sign-in after too many failures, the last of {Name} from {Address}")]
    public static partial void SignInLocked(this ILogger logger, string name, string address);

    [LoggerMessage(LogEvents.RefreshTokenReused, LogLevel.Warning, "Ended a session of {Name}: a refresh token that was used before came again")]
    public static partial void RefreshTokenReused(this ILogger logger, string name);
}
