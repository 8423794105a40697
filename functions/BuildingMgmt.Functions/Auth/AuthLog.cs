using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Auth;

internal static partial class AuthLog
{
    [LoggerMessage(LogEvents.SignInRefused, LogLevel.Information, "Refused sign-in of {Name} from {Address}")]
    public static partial void SignInRefused(this ILogger logger, string name, string address);

    [LoggerMessage(LogEvents.SignInLocked, LogLevel.Warning, "Locked sign-in after too many failures, the last of {Name} from {Address}")]
    public static partial void SignInLocked(this ILogger logger, string name, string address);
}
