using BuildingMgmt.LocalRuntime.Configuration;
using BuildingMgmt.LocalRuntime.Functions;
using BuildingMgmt.LocalRuntime.Hosting;
using BuildingMgmt.LocalRuntime.Storage;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Timer;

/// <summary>Starts and stops the listeners of all timer functions.</summary>
internal sealed class TimerTriggers(
    LoadedFunctions functions,
    IConfiguration configuration,
    IHostEnvironment environment,
    HostStorage storage,
    FunctionRunner runner,
    TimeProvider time,
    ILogger<TimerTriggers> logger) : TriggerService<TimerTriggerAttribute>(functions, time)
{
    protected override ITriggerListener Listener(LoadedFunction function, TimerTriggerAttribute trigger)
    {
        RetryDelay.Check(function);
        var schedule = TimerSchedule.Parse(SettingReference.Resolve(trigger.Schedule, configuration, function), function.ToString());
        var blobs = new TimerBlobs(storage.Container(TimerBlobs.ContainerName), HostId(), function.Name);
        return new TimerListener(function, trigger, schedule, blobs, runner, Time, logger);
    }

    // All processes of one app share it. The real host takes it from this setting, too, or else from the app's name on Azure.
    private string HostId()
    {
        if (configuration["AzureFunctionsWebHost:hostid"] is { Length: > 0 } given)
            return given;
        var name = new string([.. environment.ApplicationName.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]);
        return name[..Math.Min(name.Length, 32)].Trim('-');
    }
}
