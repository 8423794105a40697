using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace BuildingMgmt.LocalRuntime.Tests.Surface;

/// <summary>
/// Writes public types and members one a line, in the form of the listings: T type, C constructor, F field or enum member, P property,
/// E event, M method; modifiers in brackets; nullable annotations kept.
/// </summary>
internal static class PublicSurface
{
    // What "with" calls; only records have it, and no listing names it.
    private const string CloneOfRecord = "<Clone>$";

    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IEnumerable<string> Of(IEnumerable<Type> types) => types.SelectMany(Of);

    private static IEnumerable<string> Of(Type type)
    {
        var name = SurfaceNames.Of(type);
        yield return TypeLine(type, name);
        if (type.IsSubclassOf(typeof(Delegate)))
            yield break;
        if (type.IsEnum)
        {
            foreach (var member in type.GetFields(BindingFlags.Public | BindingFlags.Static))
                yield return $"F {name}::{member.Name} = {Convert.ToString(member.GetRawConstantValue(), CultureInfo.InvariantCulture)}";
            yield break;
        }

        foreach (var constructor in type.GetConstructors(Declared).Where(IsSeen).Where(constructor => !constructor.IsStatic))
            yield return $"C {name}::.ctor({SurfaceNames.Parameters(constructor)}){Modifiers(constructor)}";
        foreach (var field in type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily))
            yield return $"F {name}::{field.Name} : {SurfaceNames.Of(field.FieldType)}{(field.IsLiteral ? $" = {SurfaceNames.Value(field.GetRawConstantValue())} [const]" : field.IsInitOnly ? " [static readonly]" : " [static]")}";
        foreach (var property in type.GetProperties(Declared))
        {
            if (PropertyLine(name, property) is { } line)
                yield return line;
        }

        foreach (var method in type.GetMethods(Declared).Where(IsSeen).Where(method => method.Name != CloneOfRecord && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal))))
            yield return MethodLine(name, method);
    }

    private static string TypeLine(Type type, string name)
    {
        if (type.IsSubclassOf(typeof(Delegate)))
        {
            var invoke = type.GetMethod("Invoke")!;
            return $"T {name} ({SurfaceNames.Parameters(invoke)}) : {SurfaceNames.Of(invoke.ReturnParameter)} [delegate]";
        }

        if (type.IsEnum)
            return $"T {name} : {SurfaceNames.Of(Enum.GetUnderlyingType(type))} [enum]";
        var bases = new List<string>();
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType))
            bases.Add(SurfaceNames.Of(parent));
        var inherited = type.BaseType?.GetInterfaces() ?? [];
        bases.AddRange(type.GetInterfaces().Except(inherited).Where(candidate => candidate.IsVisible).Select(SurfaceNames.Of).Order(StringComparer.Ordinal));
        return $"T {name}{(bases.Count > 0 ? $" : {string.Join(", ", bases)}" : "")}{SurfaceNames.Constraints(type.GetGenericArguments())} [{Kind(type)}]";
    }

    private static string Kind(Type type) => type switch
    {
        { IsInterface: true } => "interface",
        { IsValueType: true } => type.GetCustomAttribute<IsReadOnlyAttribute>() is null ? "struct" : "readonly struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        _ when type.GetMethod(CloneOfRecord) is not null => type.IsSealed ? "sealed record" : "record",
        { IsAbstract: true } => "abstract class",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    private static string? PropertyLine(string type, PropertyInfo property)
    {
        var get = property.GetMethod is { } getter && IsSeen(getter) ? getter : null;
        var set = property.SetMethod is { } setter && IsSeen(setter) ? setter : null;
        if ((get ?? set) is not { } main)
            return null;
        if (get is not null && set is not null && Access(get).Length > Access(set).Length)
            main = set;
        var accessors = string.Concat(new[] { (get, "get"), (set, IsInit(set) ? "init" : "set") }
            .Where(pair => pair.Item1 is not null)
            .Select(pair => Access(pair.Item1!) == Access(main) ? $" {pair.Item2};" : $" {Access(pair.Item1!)} {pair.Item2};"));
        return $"P {type}::{property.Name} : {SurfaceNames.Of(property)} {{{accessors} }}{Modifiers(main, property)}";
    }

    private static string MethodLine(string type, MethodInfo method)
    {
        var generic = method.IsGenericMethodDefinition
            ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>"
            : "";
        return $"M {type}::{method.Name}{generic}({SurfaceNames.Parameters(method)}) : {SurfaceNames.Of(method.ReturnParameter)}"
            + $"{SurfaceNames.Constraints(method.IsGenericMethodDefinition ? method.GetGenericArguments() : [])}{Modifiers(method)}";
    }

    private static bool IsSeen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsInit(MethodInfo? setter) =>
        setter?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;

    private static string Access(MethodBase method) =>
        method.IsPublic ? "" : method.IsFamilyOrAssembly ? "protected internal" : method.IsFamily ? "protected" : "internal";

    private static string Modifiers(MethodBase method, MemberInfo? member = null)
    {
        var words = new List<string>();
        if (Access(method) is { Length: > 0 } access)
            words.Add(access);
        var isInterface = method.DeclaringType!.IsInterface;
        if (method.IsStatic)
            words.Add("static");
        else if (method is MethodInfo info && info.GetBaseDefinition() != info)
            words.Add(method.IsFinal ? "sealed override" : "override");
        else if (method.IsAbstract && !isInterface)
            words.Add("abstract");
        else if (method.IsVirtual && !method.IsFinal && !isInterface)
            words.Add("virtual");
        if ((member ?? method).GetCustomAttribute<ObsoleteAttribute>() is not null)
            words.Add("obsolete");
        return words.Count > 0 ? $" [{string.Join(' ', words)}]" : "";
    }
}
