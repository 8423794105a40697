using BuildingMgmt.LocalRuntime.Functions;
using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Http;

/// <summary>Serves HTTP functions as endpoints of ASP.NET Core's routing.</summary>
internal sealed class HttpFunctions(
    LoadedFunctions functions, FunctionPipeline pipeline, HostTimes times, ILogger<HttpFunctions> logger)
{
    public EndpointDataSource Endpoints(string routePrefix) =>
        new DefaultEndpointDataSource(functions.Of<HttpTriggerAttribute>().Select(pair => Endpoint(pair.Function, pair.Trigger, routePrefix)));

    private Endpoint Endpoint(LoadedFunction function, HttpTriggerAttribute trigger, string routePrefix)
    {
        var template = $"{routePrefix}/{trigger.Route ?? function.Name}".TrimStart('/');
        RoutePattern pattern;
        try
        {
            pattern = RoutePatternFactory.Parse(template);
        }
        catch (RoutePatternException e)
        {
            throw new FunctionWorkerException($"Function {function}: route \"{template}\" is no route template: {e.Message}", e);
        }

        var endpoint = new RouteEndpointBuilder(http => InvokeAsync(function, http), pattern, order: 0)
        {
            DisplayName = function.Name,
        };
        if (trigger.Methods is { Length: > 0 } methods)
            endpoint.Metadata.Add(new HttpMethodMetadata(methods.Select(method => method.ToUpperInvariant())));
        return endpoint.Build();
    }

    private async Task InvokeAsync(LoadedFunction function, HttpContext http)
    {
        var run = new FunctionRun(function, http, times);
        try
        {
            await pipeline.RunAsync(run).ConfigureAwait(false);

            // The result is executed outside the app's middleware, as the real extension does: middleware
            // sees what the function returned and may replace it.
            switch (run.Result.Value)
            {
                case IResult result:
                    await result.ExecuteAsync(http).ConfigureAwait(false);
                    break;
                case IActionResult result:
                    await result.ExecuteResultAsync(new ActionContext(http, http.GetRouteData(), new ActionDescriptor())).ConfigureAwait(false);
                    break;
                default:
                    if (!http.Response.HasStarted)
                        logger.NoHttpResponse(function.Name, run.InvocationId);
                    break;
            }
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone; nobody is there to be told.
        }
        catch (Exception e)
        {
            logger.FunctionFailed(e, function.Name, run.InvocationId);
            if (http.Response.HasStarted)
                throw; // Kestrel breaks the connection off, so that half an answer is not taken for a whole one.
            http.Response.Clear();
            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }
        finally
        {
            run.End();
        }
    }
}
