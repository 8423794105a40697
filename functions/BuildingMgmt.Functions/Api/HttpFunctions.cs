using System.Reflection;
using BuildingMgmt.Functions.Auth;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.Api;

/// <summary>One HTTP function: its name, where it listens and who may call it.</summary>
/// <param name="Name">Name of the function.</param>
/// <param name="Route">Route template, without a leading slash.</param>
/// <param name="Methods">In capitals; empty means any.</param>
/// <param name="Access">Who may call it.</param>
public sealed record HttpFunction(string Name, string Route, IReadOnlyList<string> Methods, AccessRule Access);

/// <summary>All HTTP functions of this app, read once from their attributes.</summary>
public sealed class HttpFunctions
{
    private readonly Dictionary<string, HttpFunction> byName;
    private readonly (HttpFunction Function, TemplateMatcher Matcher)[] routes;
    private readonly DefaultInlineConstraintResolver constraints;

    /// <summary>Reads the functions of this assembly.</summary>
    /// <exception cref="InvalidOperationException">A function does not say who may call it.</exception>
    public HttpFunctions(IServiceProvider services)
    {
        constraints = new DefaultInlineConstraintResolver(Options.Create(new RouteOptions()), services);
        All = Read(typeof(HttpFunctions).Assembly.GetExportedTypes());
        byName = All.ToDictionary(f => f.Name, StringComparer.Ordinal);
        routes = [.. All
            .Where(f => f.Route != UnknownRoute.Template)
            .Select(f => (f, new TemplateMatcher(TemplateParser.Parse(f.Route), [])))];
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<HttpFunction> All { get; }

    /// <summary>The function of this name; null when it is not an HTTP function.</summary>
    public HttpFunction? Find(string name) => byName.GetValueOrDefault(name);

    /// <summary>The methods that some function serves at this path, sorted; none when no route matches.</summary>
    public IReadOnlyList<string> MethodsAt(PathString path)
    {
        var methods = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (function, matcher) in routes)
        {
            RouteValueDictionary values = [];
            if (matcher.TryMatch(path, values) && MeetsConstraints(matcher.Template, values))
                methods.UnionWith(function.Methods);
        }

        return [.. methods];
    }

    // The matcher looks at the shape only.
    private bool MeetsConstraints(RouteTemplate template, RouteValueDictionary values) =>
        template.Parameters.All(parameter =>
            !values.ContainsKey(parameter.Name!)
            || parameter.InlineConstraints.All(inline =>
                constraints.ResolveConstraint(inline.Constraint)!.Match(
                    null, null, parameter.Name!, values, RouteDirection.IncomingRequest)));

    /// <summary>Reads the functions of some types.</summary>
    /// <exception cref="InvalidOperationException">A function does not say who may call it.</exception>
    internal static IReadOnlyList<HttpFunction> Read(IEnumerable<Type> types)
    {
        var found =
            from type in types
            from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static)
            let function = method.GetCustomAttribute<FunctionAttribute>()
            where function is not null
            from parameter in method.GetParameters()
            let trigger = parameter.GetCustomAttribute<HttpTriggerAttribute>()
            where trigger is not null
            select (function.Name, Trigger: trigger, Access: AccessRule.Of(method));
        var functions = found.ToList();
        var open = functions.Where(f => f.Access is null).Select(f => f.Name).ToList();
        return open.Count == 0
            ? [.. functions.Select(f => new HttpFunction(
                f.Name, f.Trigger.Route ?? f.Name, [.. (f.Trigger.Methods ?? []).Select(m => m.ToUpperInvariant())], f.Access!))]
            : throw new InvalidOperationException(
                $"Who may call {string.Join(", ", open)}? An HTTP function has either [AllowAnonymousAccess] or [RequiresRole].");
    }
}
