using System.Collections.Immutable;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace BuildingMgmt.LocalRuntime.Functions;

/// <summary>A function as found in the app, ready to run.</summary>
internal sealed class LoadedFunction
{
    public required LoadedFunctionDefinition Definition { get; init; }

    public required MethodInfo Method { get; init; }

    public required ParameterInfo TriggerParameter { get; init; }

    public required TriggerBindingAttribute Trigger { get; init; }

    public required RetryAttribute? Retry { get; init; }

    /// <summary>Makes the class from the run's services, calls the method and gives what it returned.</summary>
    public required Func<FunctionRun, ValueTask<object?>> Invoke { get; init; }

    public string Name => Definition.Name;

    public override string ToString() => $"{Name} ({Definition.EntryPoint})";
}

internal sealed class LoadedFunctionDefinition : FunctionDefinition
{
    public LoadedFunctionDefinition(string name, MethodInfo method, TriggerBindingAttribute trigger)
    {
        Name = name;
        EntryPoint = $"{method.DeclaringType!.FullName}.{method.Name}";
        Id = StableId(name, EntryPoint);
        PathToAssembly = method.DeclaringType.Assembly.Location;
        Parameters =
        [
            .. method.GetParameters().Select(parameter => Bound(parameter) is { } attribute
                ? new FunctionParameter(parameter.Name!, parameter.ParameterType,
                    ImmutableDictionary<string, object>.Empty.Add("bindingAttribute", attribute))
                : new FunctionParameter(parameter.Name!, parameter.ParameterType)),
        ];
        InputBindings = method.GetParameters()
            .Select(parameter => (Name: parameter.Name!, Attribute: Bound(parameter)))
            .Where(bound => bound.Attribute is not null)
            .ToImmutableDictionary(
                bound => bound.Name,
                BindingMetadata (bound) => new LoadedBinding(bound.Name, BindingType(bound.Attribute!), BindingDirection.In));
        OutputBindings = trigger is HttpTriggerAttribute
            ? ImmutableDictionary<string, BindingMetadata>.Empty.Add("$return", new LoadedBinding("$return", "http", BindingDirection.Out))
            : ImmutableDictionary<string, BindingMetadata>.Empty;
    }

    public override ImmutableArray<FunctionParameter> Parameters { get; }

    public override string PathToAssembly { get; }

    public override string EntryPoint { get; }

    public override string Id { get; }

    public override string Name { get; }

    public override IImmutableDictionary<string, BindingMetadata> InputBindings { get; }

    public override IImmutableDictionary<string, BindingMetadata> OutputBindings { get; }

    private static BindingAttribute? Bound(ParameterInfo parameter) => parameter.GetCustomAttribute<BindingAttribute>();

    // The real metadata names a binding after its attribute: HttpTriggerAttribute is "httpTrigger".
    private static string BindingType(BindingAttribute attribute)
    {
        var name = attribute.GetType().Name[..^"Attribute".Length];
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    private static string StableId(string name, string entryPoint)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{name} {entryPoint}"));
        return Convert.ToHexStringLower(hash.AsSpan(0, 8));
    }
}

internal sealed class LoadedBinding(string name, string type, BindingDirection direction) : BindingMetadata
{
    public override string Name => name;

    public override string Type => type;

    public override BindingDirection Direction => direction;
}
