using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.Hosting;

/// <summary>Adds middleware to the pipeline, in the order in which it will run.</summary>
public static class MiddlewareWorkerApplicationBuilderExtensions
{
    /// <summary>Adds middleware by type; one instance is made by the app's services.</summary>
    public static IFunctionsWorkerApplicationBuilder UseMiddleware<T>(this IFunctionsWorkerApplicationBuilder builder)
        where T : class, IFunctionsWorkerMiddleware
    {
        builder.Services.TryAddSingleton<T>();
        return builder.Use(next => new MiddlewareStep<T>(next, predicate: null).InvokeAsync);
    }

    /// <summary>Adds middleware as a delegate.</summary>
    public static IFunctionsWorkerApplicationBuilder UseMiddleware(
        this IFunctionsWorkerApplicationBuilder builder, Func<FunctionContext, Func<Task>, Task> middleware) =>
        builder.Use(next => context => middleware(context, () => next(context)));

    /// <summary>Adds middleware by type, passed by where <paramref name="predicate"/> says no.</summary>
    public static IFunctionsWorkerApplicationBuilder UseWhen<T>(
        this IFunctionsWorkerApplicationBuilder builder, Func<FunctionContext, bool> predicate)
        where T : class, IFunctionsWorkerMiddleware
    {
        builder.Services.TryAddSingleton<T>();
        return builder.Use(next => new MiddlewareStep<T>(next, predicate).InvokeAsync);
    }

    /// <summary>Adds middleware as a delegate, passed by where <paramref name="predicate"/> says no.</summary>
    public static IFunctionsWorkerApplicationBuilder UseWhen(
        this IFunctionsWorkerApplicationBuilder builder,
        Func<FunctionContext, bool> predicate,
        Func<FunctionContext, Func<Task>, Task> middleware) =>
        builder.Use(next => context => predicate(context) ? middleware(context, () => next(context)) : next(context));

    private sealed class MiddlewareStep<T>(FunctionExecutionDelegate next, Func<FunctionContext, bool>? predicate)
        where T : class, IFunctionsWorkerMiddleware
    {
        // Resolved at the first run: the pipeline is made before the services are.
        private T? _middleware;

        public Task InvokeAsync(FunctionContext context)
        {
            if (predicate is not null && !predicate(context))
                return next(context);
            var middleware = _middleware ??= context.InstanceServices.GetRequiredService<T>();
            return middleware.Invoke(context, next);
        }
    }
}
