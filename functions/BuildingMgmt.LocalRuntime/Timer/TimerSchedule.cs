using System.Globalization;
using Microsoft.Azure.Functions.Worker;
using NCrontab;

namespace BuildingMgmt.LocalRuntime.Timer;

/// <summary>When a timer runs, in UTC: NCRONTAB of six fields (or five, without seconds), or a constant interval.</summary>
internal sealed class TimerSchedule
{
    private readonly CrontabSchedule? _cron;
    private readonly TimeSpan _interval;

    private TimerSchedule(CrontabSchedule? cron, TimeSpan interval)
    {
        _cron = cron;
        _interval = interval;
    }

    /// <exception cref="FunctionWorkerException">The text is neither.</exception>
    public static TimerSchedule Parse(string text, string function)
    {
        var fields = text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length is 5 or 6)
        {
            var options = new CrontabSchedule.ParseOptions { IncludingSeconds = fields.Length == 6 };
            if (CrontabSchedule.TryParse(text, options) is { } cron)
                return new TimerSchedule(cron, default);
        }
        else if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var interval) && interval > TimeSpan.Zero)
        {
            return new TimerSchedule(null, interval);
        }

        throw new FunctionWorkerException(
            $"Function {function}: schedule \"{text}\" is neither NCRONTAB with six fields (second minute hour day month weekday) nor a time span such as 00:05:00.");
    }

    /// <summary>The first time after <paramref name="time"/>.</summary>
    public DateTime Next(DateTime time) =>
        DateTime.SpecifyKind(_cron?.GetNextOccurrence(time) ?? time + _interval, DateTimeKind.Utc);

    /// <summary>Whether it runs so often that keeping each run in storage would cost more than a missed one.</summary>
    public bool RunsWithinMinutes(DateTime now) =>
        _cron is not null ? Next(Next(now)) <= now.AddMinutes(1) : _interval < TimeSpan.FromMinutes(1);
}
