using System.Globalization;
using System.Text.Json;
using Azure.Messaging.EventHubs;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.LocalRuntime.TestApp;

public sealed class LogEvents(EventLog log)
{
    [Function(nameof(LogEvents))]
    public void Run([EventHubTrigger("%Hub%", Connection = "EventHubs")] EventData[] events, FunctionContext context)
    {
        using var partition = JsonDocument.Parse((string)context.BindingContext.BindingData["PartitionContext"]!);
        var id = partition.RootElement.GetProperty("PartitionId").GetString();
        log.Write(events.Select(item => string.Create(CultureInfo.InvariantCulture, $"{id} {item.SequenceNumber} {item.EventBody}")));
    }

    [Function("Alive")]
    public static IResult Alive([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "alive")] HttpRequest request) =>
        Results.Text(request.Host.Value ?? "");
}
