using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using BuildingMgmt.Functions.Tests.Api;

namespace BuildingMgmt.Functions.Tests.SensorData;

/// <summary>Readings that are posted, and what became of them.</summary>
internal static class PostedReadings
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static string Dashboard(Guid floor) => $"/api/dashboard/floor/{floor}";

    public static object Reading(Guid sensor, DateTimeOffset time, double temperature) => new
    {
        sensor_id = sensor,
        timestamp = time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        data = new { temperature },
    };

    /// <summary>The batch's id, of an answer that must be 202.</summary>
    public static async Task<string> AcceptedAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.True(response.StatusCode == HttpStatusCode.Accepted, $"{(int)response.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement.GetProperty("batch_id").GetString()!;
    }

    /// <summary>Posts as a gateway with its id and secret.</summary>
    public static Task<HttpResponseMessage> SendBasicAsync(this RunningApp app, string path, string id, string secret, object json) =>
        app.SendAsync(null, HttpMethod.Post, path, Cancellation, json: json, headers: headers =>
            headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{id}:{secret}"))));

    /// <summary>The temperature of a sensor on North's ground floor as the dashboard shows it; null while it has another value.</summary>
    public static async Task<Dictionary<string, JsonElement>?> MetricAsync(this RunningApp app, Guid sensor, double value)
    {
        var dashboard = await app.GetJsonAsync("viewer", Dashboard(TestCampus.NorthGround), Cancellation);
        var shown = dashboard.GetProperty("sensors").EnumerateArray().Single(s => s.GetProperty("sensor_id").GetGuid() == sensor);
        return shown.GetProperty("metrics").TryGetProperty("temperature", out var metric) && metric.GetProperty("value").GetDouble() == value
            ? metric.EnumerateObject().ToDictionary(p => p.Name, p => p.Value)
            : null;
    }
}
