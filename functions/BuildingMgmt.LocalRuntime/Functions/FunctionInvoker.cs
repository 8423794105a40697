using System.Linq.Expressions;
using System.Reflection;
using BuildingMgmt.LocalRuntime.Durable.Functions;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.LocalRuntime.Functions;

/// <summary>Compiles a function's method into one delegate, so that a call costs no reflection and no array of arguments.</summary>
internal static class FunctionInvoker
{
    public static Func<FunctionRun, ValueTask<object?>> Compile(MethodInfo method, ParameterInfo triggerParameter)
    {
        var run = Expression.Parameter(typeof(FunctionRun), "run");
        var isOrchestrator = triggerParameter.IsDefined(typeof(OrchestrationTriggerAttribute));
        var input = isOrchestrator ? DurableParameters.InputOf(method) : null;
        var arguments = method.GetParameters().Select(parameter => parameter == input
            ? Durable(nameof(DurableValues.OrchestratorInput), run, parameter.ParameterType)
            : isOrchestrator && parameter.ParameterType == typeof(FunctionContext)
                ? Expression.Constant(OrchestratorStep.Context, typeof(FunctionContext))
                : Argument(run, parameter, parameter == triggerParameter));

        if (method.IsStatic)
            return Expression.Lambda<Func<FunctionRun, ValueTask<object?>>>(Returned(Expression.Call(method, arguments)), run).Compile();

        // The class is made for each run from the run's services, as the real worker's activator does.
        var instance = Expression.Parameter(typeof(object), "instance");
        var call = Expression.Call(Expression.Convert(instance, method.DeclaringType!), method, arguments);
        var invoke = Expression.Lambda<Func<FunctionRun, object, ValueTask<object?>>>(Returned(call), run, instance).Compile();
        var create = ActivatorUtilities.CreateFactory(method.DeclaringType!, Type.EmptyTypes);
        return context => invoke(context, create(context.InstanceServices, null));
    }

    private static Expression Argument(ParameterExpression run, ParameterInfo parameter, bool isTrigger)
    {
        var type = parameter.ParameterType;
        if (type == typeof(HttpRequest))
        {
            var context = Expression.Property(run, nameof(FunctionRun.HttpContext));
            return Expression.Property(context, nameof(HttpContext.Request));
        }

        if (type == typeof(FunctionContext))
            return Expression.Convert(run, typeof(FunctionContext));
        if (type == typeof(CancellationToken))
            return Expression.Property(run, nameof(FunctionRun.CancellationToken));
        if (parameter.IsDefined(typeof(DurableClientAttribute)))
            return Durable(nameof(DurableValues.Client), run);
        if (parameter.IsDefined(typeof(ActivityTriggerAttribute)))
            return Durable(nameof(DurableValues.ActivityInput), run, type);
        if (isTrigger)
            return Expression.Convert(Expression.Property(run, nameof(FunctionRun.Input)), type);

        return Expression.Call(
            typeof(BoundValue),
            nameof(BoundValue.Read),
            [type],
            run,
            Expression.Constant(parameter.Name),
            Expression.Constant(parameter.HasDefaultValue || AllowsNull(parameter)),
            Expression.Constant(parameter.HasDefaultValue ? parameter.DefaultValue : null, typeof(object)));
    }

    private static MethodCallExpression Durable(string method, ParameterExpression run, params Type[] types) =>
        Expression.Call(typeof(DurableValues), method, types, run);

    private static bool AllowsNull(ParameterInfo parameter) =>
        !parameter.ParameterType.IsValueType || Nullable.GetUnderlyingType(parameter.ParameterType) is not null;

    private static Expression Returned(MethodCallExpression call)
    {
        var type = call.Type;
        if (type == typeof(void))
            return Expression.Block(call, Expression.Default(typeof(ValueTask<object?>)));
        if (type == typeof(Task) || type == typeof(ValueTask))
            return Expression.Call(typeof(FunctionInvoker), nameof(FromTask), null, call);
        if (type.IsGenericType && type.GetGenericTypeDefinition() is var generic
            && (generic == typeof(Task<>) || generic == typeof(ValueTask<>)))
        {
            return Expression.Call(typeof(FunctionInvoker), nameof(FromTask), type.GetGenericArguments(), call);
        }

        var constructor = typeof(ValueTask<object?>).GetConstructor([typeof(object)])!;
        return Expression.New(constructor, Expression.Convert(call, typeof(object)));
    }

    // Without ConfigureAwait(false): what an orchestrator's code goes on after must be on the context that replays it. Others have none.
    private static async ValueTask<object?> FromTask(Task task)
    {
        await task;
        return null;
    }

    private static async ValueTask<object?> FromTask(ValueTask task)
    {
        await task;
        return null;
    }

    private static async ValueTask<object?> FromTask<T>(Task<T> task) => await task;

    private static async ValueTask<object?> FromTask<T>(ValueTask<T> task) => await task;
}
