using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace BuildingMgmt.Functions.Tests.Api;

/// <summary>Every error has one shape.</summary>
public static class ProblemAssert
{
    /// <summary>Checks the shape and returns the body.</summary>
    public static async Task<JsonElement> IsAsync(HttpResponseMessage response, HttpStatusCode status, string? parameter = null)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        Assert.True(status == response.StatusCode, $"{response.RequestMessage?.Method} {response.RequestMessage?.RequestUri}: {(int)response.StatusCode} {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var body = JsonDocument.Parse(text).RootElement;
        Assert.Equal((int)status, body.GetProperty("status").GetInt32());
        Assert.NotEqual("", body.GetProperty("title").GetString());
        Assert.NotEqual("", body.GetProperty("detail").GetString());
        Assert.False(string.IsNullOrEmpty(body.GetProperty("hint").GetString()), text);
        Assert.Equal(Assert.Single(response.Headers.GetValues("X-Request-Id")), body.GetProperty("request_id").GetString());
        if (parameter is not null)
            Assert.Equal(parameter, body.GetProperty("parameter").GetString());
        return body;
    }
}
