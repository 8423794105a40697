using BuildingMgmt.LocalRuntime.Functions;
using Microsoft.AspNetCore.Http;

namespace Microsoft.Azure.Functions.Worker.Builder
{
    /// <summary>ASP.NET Core for HTTP functions.</summary>
    public static class FunctionsApplicationBuilderAspNetCoreExtensions
    {
        /// <summary>Lets HTTP functions take <see cref="HttpRequest"/> and answer with ASP.NET Core's results.</summary>
        public static FunctionsApplicationBuilder ConfigureFunctionsWebApplication(this FunctionsApplicationBuilder builder)
        {
            ArgumentNullException.ThrowIfNull(builder);
            builder.ServesHttp = true;
            return builder;
        }
    }
}

namespace Microsoft.Azure.Functions.Worker
{
    /// <summary>ASP.NET Core's view of a run.</summary>
    public static class FunctionContextExtensions
    {
        /// <summary>The request that the run answers; null where the trigger is not HTTP.</summary>
        public static HttpContext? GetHttpContext(this FunctionContext context)
        {
            ArgumentNullException.ThrowIfNull(context);
            return context is FunctionRun run
                ? run.HttpContext
                : context.Items.TryGetValue(FunctionRun.HttpContextKey, out var value) ? (HttpContext)value : null;
        }
    }
}
