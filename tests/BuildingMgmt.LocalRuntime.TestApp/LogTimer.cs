using System.Globalization;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.LocalRuntime.TestApp;

public sealed class LogTimer(EventLog log, TimeProvider time)
{
    [Function(nameof(LogTimer))]
    public void Run([TimerTrigger("%Schedule%")] TimerInfo timer) =>
        log.Write([string.Create(CultureInfo.InvariantCulture, $"timer {time.GetUtcNow():O} {(timer.IsPastDue ? "past due" : "in time")}")]);
}
