using System.Globalization;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.LocalRuntime.Functions;

/// <summary>Gives a function's parameter its value from the binding data of the same name.</summary>
internal static class BoundValue
{
    /// <summary>Types that text can be turned into. Others are refused when the app starts.</summary>
    public static bool Supports(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(string) || type.IsEnum || Parsable(type) is not null;
    }

    /// <exception cref="FunctionInputConverterException">The value is missing or is not of the parameter's type.</exception>
    public static T? Read<T>(FunctionRun run, string name, bool optional, object? defaultValue)
    {
        if (Text(run, name) is not { } value)
        {
            return optional
                ? (T?)defaultValue
                : throw new FunctionInputConverterException(
                    $"Parameter \"{name}\" of function \"{run.Function.Name}\" has no value in the binding data, and its type "
                    + $"\"{typeof(T)}\" cannot be null. Put it into the route, or give it a default.");
        }

        if (value is T already)
            return already;
        return TextConversion<T>.TryConvert(value.ToString()!, out var converted)
            ? converted
            : throw new FunctionInputConverterException(
                $"Parameter \"{name}\" of function \"{run.Function.Name}\": \"{value}\" is no \"{typeof(T)}\". "
                + "A constraint in the route, such as {id:guid}, answers 404 instead.");
    }

    // The request is asked directly: making the whole table of binding data for one value would be the dearer way.
    private static object? Text(FunctionRun run, string name)
    {
        if (run.HttpContext is not { } http)
            return run.BindingContext.BindingData.TryGetValue(name, out var data) ? data : null;
        if (http.Request.RouteValues.TryGetValue(name, out var routed) && routed is not null)
            return routed;
        return http.Request.Query.TryGetValue(name, out var queried) ? queried.ToString() : null;
    }

    private static Type? Parsable(Type type) =>
        Array.Find(type.GetInterfaces(), candidate =>
            candidate.IsGenericType && candidate.GetGenericTypeDefinition() == typeof(IParsable<>));

    private static class TextConversion<T>
    {
        private delegate bool Converter(string text, out T? value);

        private static readonly Converter Convert = Choose();

        public static bool TryConvert(string text, out T? value) => Convert(text, out value);

        private static Converter Choose()
        {
            var type = Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T);
            var method = type.IsEnum ? nameof(TryEnum) : nameof(TryParse);
            return typeof(TextConversion<T>)
                .GetMethod(method, System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!
                .MakeGenericMethod(type)
                .CreateDelegate<Converter>();
        }

        private static bool TryParse<TParsable>(string text, out T? value)
            where TParsable : IParsable<TParsable>
        {
            var parsed = TParsable.TryParse(text, CultureInfo.InvariantCulture, out var result);
            value = parsed ? (T?)(object?)result : default;
            return parsed;
        }

        private static bool TryEnum<TEnum>(string text, out T? value)
            where TEnum : struct
        {
            var parsed = Enum.TryParse<TEnum>(text, ignoreCase: true, out var result);
            value = parsed ? (T?)(object?)result : default;
            return parsed;
        }
    }
}
