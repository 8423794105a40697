using Azure.Messaging.EventHubs;
using BuildingMgmt.LocalRuntime.Functions;
using BuildingMgmt.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Hosting;

namespace BuildingMgmt.LocalRuntime.Tests.Hosting;

#pragma warning disable IDE0060 // Parameters of functions that never run.
public sealed class RefusedFunctions
{
    [Function("Twice")]
    public static Task One([TimerTrigger("0 * * * * *")] TimerInfo timer) => Task.CompletedTask;

    [Function("twice")]
    public static Task Two([TimerTrigger("0 * * * * *")] TimerInfo timer) => Task.CompletedTask;

    [Function("AsyncVoid")]
    public static async void AsyncVoid([TimerTrigger("0 * * * * *")] TimerInfo timer) => await Task.Yield();

    [Function("Hidden")]
    private static Task Hidden([TimerTrigger("0 * * * * *")] TimerInfo timer) => Task.CompletedTask;

    [Function("RetriedHttp")]
    [FixedDelayRetry(1, "00:00:01")]
    public static IResult RetriedHttp([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) => Results.Ok();

    [Function("Keyed")]
    public static IResult Keyed([HttpTrigger(AuthorizationLevel.Function)] HttpRequest request) => Results.Ok();

    [Function("ListOfEvents")]
    public static Task ListOfEvents([EventHubTrigger("hub", Connection = "c")] List<EventData> events) => Task.CompletedTask;

    [Function("OneEvent")]
    public static Task OneEvent([EventHubTrigger("hub", Connection = "c")] EventData received) => Task.CompletedTask;

    [Function("NoTrigger")]
    public static Task NoTrigger(FunctionContext context) => Task.CompletedTask;

    [Function("Unbindable")]
    public static Task Unbindable([TimerTrigger("0 * * * * *")] TimerInfo timer, HttpClient client) => Task.CompletedTask;

    [Function("1 bad name")]
    public static Task BadName([TimerTrigger("0 * * * * *")] TimerInfo timer) => Task.CompletedTask;
}
#pragma warning restore IDE0060

public sealed class DiscoveryTests
{
    [Theory]
    [InlineData("RefusedFunctions.Two: function name \"twice\" is taken by")]
    [InlineData("RefusedFunctions.AsyncVoid is async void (AZFW0002)")]
    [InlineData("RefusedFunctions.Hidden is not public")]
    [InlineData("RefusedFunctions.RetriedHttp: HTTP functions cannot have a retry attribute (AZFW0012)")]
    [InlineData("RefusedFunctions.Keyed: AuthorizationLevel.Function needs the Functions host's keys")]
    [InlineData("RefusedFunctions.ListOfEvents: the Event Hubs trigger is bound to \"System.Collections.Generic.List")]
    [InlineData("RefusedFunctions.OneEvent: a single EventData needs IsBatched = false (AZFW0008)")]
    [InlineData("RefusedFunctions.NoTrigger has 0 trigger parameters")]
    [InlineData("RefusedFunctions.Unbindable: parameter \"client\" is of type \"System.Net.Http.HttpClient\"")]
    [InlineData("RefusedFunctions.BadName: function name \"1 bad name\" is not a letter")]
    public void What_the_real_build_refuses_stops_the_start_and_is_named(string message)
    {
        var error = Assert.Throws<FunctionWorkerException>(() => FunctionDiscovery.Find([typeof(RefusedFunctions)]));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("extensions.http.maxOutstandingRequests", """{"version":"2.0","extensions":{"http":{"maxOutstandingRequests":10}}}""")]
    [InlineData("extensions.durableTask.defaultVersion", """{"version":"2.0","extensions":{"durableTask":{"defaultVersion":"1","storageProvider":{"type":"mssql"}}}}""")]
    [InlineData("extensions.eventHubs.prefetchCount", """{"version":"2.0","extensions":{"eventHubs":{"prefetchCount":"many"}}}""")]
    [InlineData("extensions.eventHubs.initialOffsetOptions.type", """{"version":"2.0","extensions":{"eventHubs":{"initialOffsetOptions":{"type":"middle"}}}}""")]
    [InlineData("extensions.eventHubs.transportType", """{"version":"2.0","extensions":{"eventHubs":{"transportType":"amqpWebSockets"}}}""")]
    [InlineData("logging.applicationInsights.samplingSettings.isEnabled", """{"version":"2.0","logging":{"applicationInsights":{"samplingSettings":{"isEnabled":true}}}}""")]
    [InlineData("functionTimeout", """{"version":"2.0","functionTimeout":"soon"}""")]
    [InlineData("version", """{"version":"1.0"}""")]
    [InlineData("singleton.lockPeriod", """{"version":"2.0","singleton":{"lockPeriod":"00:00:15"}}""")]
    public void A_setting_of_host_json_that_is_not_honoured_stops_the_start_and_is_named(string path, string hostJson)
    {
        using var folder = new ScratchFolder();
        var builder = TestHost.Builder(folder, [], hostJson: hostJson);

        var error = Assert.Throws<FunctionWorkerException>(() => builder.Build());

        Assert.Contains($"\"{path}\"", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("storageProvider", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Local_settings_stand_below_other_settings()
    {
        using var folder = new ScratchFolder();
        File.WriteAllText(folder.File("local.settings.json"), """{"Values":{"Shared":"file","Only__Here":"file"}}""");

        var builder = TestHost.Builder(folder, [], settings: new Dictionary<string, string?> { ["Shared"] = "given" });

        Assert.Equal("given", builder.Configuration["Shared"]);
        Assert.Equal("file", builder.Configuration["Only:Here"]);
    }

    [Fact]
    public async Task Missing_connection_setting_stops_the_start_and_is_named()
    {
        var error = await Assert.ThrowsAsync<FunctionWorkerException>(() => TestHost.StartAsync([typeof(UnconnectedFunction)]));

        Assert.Contains("setting \"NotThere\" is missing", error.Message, StringComparison.Ordinal);
    }
}

public static class UnconnectedFunction
{
    [Function("Unconnected")]
    public static int Unconnected([EventHubTrigger("hub", Connection = "NotThere")] EventData[] events) => events.Length;
}
