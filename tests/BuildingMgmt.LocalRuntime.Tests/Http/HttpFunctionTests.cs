using System.Net;
using System.Net.Http.Json;
using BuildingMgmt.LocalRuntime.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace BuildingMgmt.LocalRuntime.Tests.Http;

public sealed class HttpFunctionTests : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private readonly HttpSignals _signals = new();
    private TestHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _host = await TestHost.StartAsync([typeof(SampleHttpFunctions)], builder => builder.Services.AddSingleton(_signals));

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Route_and_query_values_are_bound_to_parameters_by_name()
    {
        var id = Guid.NewGuid();

        Assert.Equal(
            $"GET a b {id} 5 9876543210 True Bound 3 - 7",
            await _host.Http.GetStringAsync($"bound/a%20b/{id}/5/9876543210/true?limit=3", Token));
    }

    [Theory]
    [InlineData("bound/a/no-guid/5/6/true", HttpStatusCode.NotFound)]
    [InlineData("unconstrained/no-guid", HttpStatusCode.InternalServerError)]
    [InlineData("nothing-here", HttpStatusCode.NotFound)]
    public async Task A_value_that_does_not_fit_the_route_is_not_found_and_one_that_does_not_fit_the_parameter_fails(string path, HttpStatusCode status)
    {
        Assert.Equal(status, (await _host.Http.GetAsync(path, Token)).StatusCode);
    }

    [Fact]
    public async Task Action_result_is_executed()
    {
        var answer = await _host.Http.PostAsJsonAsync("action", new Greeting("hello"), Token);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal("""{"text":"hello"}""", await answer.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task Result_of_a_value_task_is_executed()
    {
        Assert.Equal("""{"text":"/value-task"}""", await _host.Http.GetStringAsync("value-task", Token));
    }

    [Fact]
    public async Task Any_other_object_is_no_answer_as_in_the_real_extension()
    {
        var answer = await _host.Http.GetAsync("poco", Token);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync(Token));
    }

    [Fact]
    public async Task Empty_route_parameter_serves_the_root_and_nothing_else()
    {
        Assert.Equal("home /", await _host.Http.GetStringAsync("", Token));
        Assert.Equal(HttpStatusCode.NotFound, (await _host.Http.GetAsync("elsewhere", Token)).StatusCode);
    }

    [Fact]
    public async Task Function_without_route_and_methods_has_its_name_and_takes_all_methods()
    {
        Assert.Equal("GET", await _host.Http.GetStringAsync("named", Token));
        var answer = await _host.Http.DeleteAsync("Named", Token);
        Assert.Equal("DELETE", await answer.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task Another_method_is_refused()
    {
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await _host.Http.DeleteAsync($"bound/a/{Guid.NewGuid()}/5/6/true", Token)).StatusCode);
    }

    [Fact]
    public async Task Function_that_throws_answers_500_and_the_next_request_is_served()
    {
        Assert.Equal(HttpStatusCode.InternalServerError, (await _host.Http.GetAsync("throws", Token)).StatusCode);
        Assert.Equal("home /", await _host.Http.GetStringAsync("", Token));
    }

    [Fact]
    public async Task Stream_arrives_before_it_has_ended()
    {
        using var answer = await _host.Http.GetAsync("stream", HttpCompletionOption.ResponseHeadersRead, Token);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Token));
        Assert.Equal("first", await reader.ReadLineAsync(Token));

        _signals.GoOn.SetResult();

        Assert.Equal("second", await reader.ReadLineAsync(Token));
    }

    [Fact]
    public async Task Caller_who_leaves_cancels_the_token()
    {
        using var leave = new CancellationTokenSource();
        var request = _host.Http.GetAsync("slow", leave.Token);
        await _signals.Began.Task.WaitAsync(Deadline, Token);

        await leave.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        await _signals.Cancelled.Task.WaitAsync(Deadline, Token);
    }

    [Fact]
    public async Task Shutdown_cancels_what_would_never_end()
    {
        var request = _host.Http.GetAsync("slow", Token);
        await _signals.Began.Task.WaitAsync(Deadline, Token);

        await _host.StopAsync().WaitAsync(Deadline, Token);

        Assert.True(_signals.Cancelled.Task.IsCompleted);
        Assert.False((await request).IsSuccessStatusCode);
    }

    [Fact]
    public async Task Route_prefix_of_host_json_stands_before_every_route()
    {
        await using var host = await TestHost.StartAsync(
            [typeof(SampleHttpFunctions)],
            builder => builder.Services.AddSingleton(_signals),
            hostJson: """{"version":"2.0","extensions":{"http":{"routePrefix":"v1/x"}}}""");

        Assert.Equal("home /v1/x", await host.Http.GetStringAsync("v1/x", Token));
        Assert.Equal(HttpStatusCode.NotFound, (await host.Http.GetAsync("", Token)).StatusCode);
    }

    [Fact]
    public async Task Without_a_prefix_in_host_json_it_is_api()
    {
        await using var host = await TestHost.StartAsync(
            [typeof(SampleHttpFunctions)], builder => builder.Services.AddSingleton(_signals), hostJson: """{"version":"2.0"}""");

        Assert.Equal("GET", await host.Http.GetStringAsync("api/named", Token));
    }

    [Fact]
    public async Task A_request_costs_few_allocations_above_bare_routing()
    {
        // The whole way through Kestrel would drown it, so the endpoint's own delegate is called.
        var endpoint = _host.Services.GetRequiredService<Microsoft.AspNetCore.Routing.EndpointDataSource>()
            .Endpoints.Single(candidate => candidate.DisplayName == "Home");
        var http = new DefaultHttpContext { RequestServices = _host.Services, ServiceScopeFactory = _host.Services.GetRequiredService<IServiceScopeFactory>() };
        http.Response.Body = Stream.Null;
        for (var i = 0; i < 100; i++)
            await endpoint.RequestDelegate!(http);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            await endpoint.RequestDelegate!(http);
        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / 100;

        // The run, its result, the text result and its writing: about 700 bytes. A reflective call or a table of binding data is twice that.
        Assert.InRange(each, 1, 1_400);
    }
}
