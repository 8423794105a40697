using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace BuildingMgmt.LocalRuntime.Tests.Hosting;

public sealed class Trail
{
    public List<string> Steps { get; } = [];
}

public sealed class OuterMiddleware(Trail trail) : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        context.Items["from"] = "outer";
        trail.Steps.Add($"outer before {context.FunctionDefinition.Name}");
        await next(context);
        trail.Steps.Add($"outer after {context.GetInvocationResult().Value?.GetType().Name}");
    }
}

public sealed class InnerMiddleware(Trail trail) : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        trail.Steps.Add($"inner before, items from {context.Items["from"]}");
        try
        {
            await next(context);
        }
        catch (InvalidOperationException e)
        {
            context.GetInvocationResult().Value = Results.Problem(e.Message, statusCode: StatusCodes.Status418ImATeapot);
        }
    }
}

public sealed class ScopedThing : IDisposable
{
    public static int Disposed { get; set; }

    public void Dispose() => Disposed++;
}

public sealed class MiddlewareFunctions(Trail trail, ScopedThing thing)
{
    [Function("Works")]
    public IResult Works([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "works")] HttpRequest request, FunctionContext context)
    {
        trail.Steps.Add($"function {ReferenceEquals(thing, context.InstanceServices.GetRequiredService<ScopedThing>())} {context.GetHttpContext() == request.HttpContext}");
        return Results.Text("works");
    }

    [Function("Fails")]
    public static IResult Fails([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "fails")] HttpRequest request) =>
        throw new InvalidOperationException(request.Path);
}

public sealed class MiddlewareTests
{
    private readonly Trail _trail = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Middleware_runs_around_the_function_in_the_order_in_which_it_was_added()
    {
        await using var host = await StartAsync();
        ScopedThing.Disposed = 0;

        Assert.Equal("works", await host.Http.GetStringAsync("works", Token));

        Assert.Equal(
            ["outer before Works", "inner before, items from outer", "delegate", "function True True", "outer after ContentHttpResult"],
            _trail.Steps);
    }

    [Fact]
    public async Task Middleware_can_answer_in_place_of_a_function_that_threw()
    {
        await using var host = await StartAsync();

        Assert.Equal((HttpStatusCode)418, (await host.Http.GetAsync("fails", Token)).StatusCode);
    }

    [Fact]
    public async Task Scoped_services_live_as_long_as_one_run()
    {
        await using var host = await StartAsync();
        ScopedThing.Disposed = 0;

        await host.Http.GetStringAsync("works", Token);
        await host.Http.GetStringAsync("works", Token);
        await BuildingMgmt.Testing.Eventually.TrueAsync(() => Task.FromResult(ScopedThing.Disposed == 2), TimeSpan.FromSeconds(10), "both scopes are disposed", Token);
    }

    private Task<TestHost> StartAsync() => TestHost.StartAsync([typeof(MiddlewareFunctions)], builder =>
    {
        builder.Services.AddSingleton(_trail).AddScoped<ScopedThing>();
        builder.UseMiddleware<OuterMiddleware>();
        builder.UseMiddleware<InnerMiddleware>();
        builder.UseWhen(context => context.FunctionDefinition.Name == "Works", (_, next) =>
        {
            _trail.Steps.Add("delegate");
            return next();
        });
    });
}
