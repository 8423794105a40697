using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace BuildingMgmt.LocalRuntime.Tests.Surface;

/// <summary>Names of types in the words of C#, with their nullable annotations.</summary>
internal static class SurfaceNames
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void", [typeof(object)] = "object", [typeof(string)] = "string", [typeof(bool)] = "bool", [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte", [typeof(short)] = "short", [typeof(ushort)] = "ushort", [typeof(int)] = "int", [typeof(uint)] = "uint",
        [typeof(long)] = "long", [typeof(ulong)] = "ulong", [typeof(float)] = "float", [typeof(double)] = "double", [typeof(char)] = "char",
        [typeof(decimal)] = "decimal",
    };

    public static string Of(Type type) => Name(type, NullableFlags.None);

    public static string Of(ParameterInfo parameter) => Name(parameter.ParameterType, NullableFlags.Of(parameter));

    public static string Of(PropertyInfo property) => Name(property.PropertyType, NullableFlags.Of(property));

    public static string Parameters(MethodBase method)
    {
        var isExtension = method.GetCustomAttribute<ExtensionAttribute>() is not null;
        return string.Join(", ", method.GetParameters().Select((parameter, index) =>
            (isExtension && index == 0 ? "this " : "")
            + (parameter.GetCustomAttribute<ParamArrayAttribute>() is not null ? "params " : "")
            + (parameter.IsOut ? "out " : parameter.ParameterType.IsByRef ? "ref " : "")
            + $"{Of(parameter)} {parameter.Name}"
            + (parameter.HasDefaultValue ? $" = {Default(parameter)}" : "")));
    }

    public static string Constraints(Type[] arguments) => string.Concat(arguments.Select(argument =>
    {
        var attributes = argument.GenericParameterAttributes;
        var parts = new List<string>();
        if (attributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
            parts.Add("class");
        else if (attributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint))
            parts.Add("struct");
        else if (argument.GetGenericParameterConstraints().Length == 0 && NullableFlags.IsNotNull(argument))
            parts.Add("notnull");
        parts.AddRange(argument.GetGenericParameterConstraints().Where(constraint => constraint != typeof(ValueType)).Select(Of));
        if (attributes.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint) && !attributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint))
            parts.Add("new()");
        return parts.Count > 0 ? $" where {argument.Name} : {string.Join(", ", parts)}" : "";
    }));

    public static string Value(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Default(ParameterInfo parameter)
    {
        if (parameter.DefaultValue is { } value)
            return Value(value);
        return parameter.ParameterType.IsValueType && Nullable.GetUnderlyingType(parameter.ParameterType) is null ? "default" : "null";
    }

    // Every part but a plain value type has a flag, in the order in which the parts are written.
    private static string Name(Type type, NullableFlags flags)
    {
        if (type.IsByRef)
            return Name(type.GetElementType()!, flags);
        if (type.IsValueType && !type.IsGenericType)
            return Keywords.GetValueOrDefault(type) ?? Qualified(type);
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            flags.Next();
            return $"{Name(underlying, flags)}?";
        }

        var mark = flags.Next() == 2 && !type.IsValueType ? "?" : "";
        if (type.IsArray)
            return $"{Name(type.GetElementType()!, flags)}[]{mark}";
        if (type.IsGenericParameter)
            return $"{type.Name}{mark}";
        if (Keywords.TryGetValue(type, out var keyword))
            return keyword + mark;
        if (!type.IsGenericType)
            return Qualified(type) + mark;
        var arguments = new List<string>();
        foreach (var argument in type.GetGenericArguments())
            arguments.Add(Name(argument, flags));
        return $"{Qualified(type).Split('`')[0]}<{string.Join(", ", arguments)}>{mark}";
    }

    private static string Qualified(Type type) =>
        type.DeclaringType is { } outer ? $"{Of(outer)}.{type.Name}" : $"{type.Namespace}.{type.Name}";
}
