using System.Reflection;

namespace BuildingMgmt.LocalRuntime.Tests.Surface;

/// <summary>
/// The compiler's nullable annotations of one type use, read in the order in which its parts are written: 1 not null, 2 nullable,
/// 0 unknown (C# language documentation, "Nullable metadata"). The runtime's own reader takes every bare T for nullable.
/// </summary>
internal sealed class NullableFlags
{
    public static readonly NullableFlags None = new([], 0);

    private readonly byte[] _flags;
    private readonly byte _all;
    private int _next;

    private NullableFlags(byte[] flags, byte all)
    {
        _flags = flags;
        _all = all;
    }

    public static NullableFlags Of(ParameterInfo parameter) => Of(parameter.GetCustomAttributesData(), parameter.Member);

    public static NullableFlags Of(PropertyInfo property) => Of(property.GetCustomAttributesData(), property.DeclaringType!);

    public static bool IsNotNull(Type genericParameter) =>
        Of(genericParameter.GetCustomAttributesData(), genericParameter.DeclaringMethod ?? (MemberInfo)genericParameter.DeclaringType!).Next() == 1;

    public byte Next() => _flags.Length > 0 ? _flags[Math.Min(_next++, _flags.Length - 1)] : _all;

    private static NullableFlags Of(IList<CustomAttributeData> attributes, MemberInfo place)
    {
        if (attributes.FirstOrDefault(data => data.AttributeType.Name == "NullableAttribute") is not { } attribute)
            return new NullableFlags([], Context(place));
        return attribute.ConstructorArguments[0].Value is byte one
            ? new NullableFlags([], one)
            : new NullableFlags([.. ((IReadOnlyCollection<CustomAttributeTypedArgument>)attribute.ConstructorArguments[0].Value!).Select(flag => (byte)flag.Value!)], 0);
    }

    private static byte Context(MemberInfo? place)
    {
        for (; place is not null; place = place.DeclaringType)
        {
            var context = place.GetCustomAttributesData().FirstOrDefault(data => data.AttributeType.Name == "NullableContextAttribute");
            if (context is not null)
                return (byte)context.ConstructorArguments[0].Value!;
        }

        return 0;
    }
}
