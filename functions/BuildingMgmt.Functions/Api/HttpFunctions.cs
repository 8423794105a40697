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
/// <param name="Access">Null when the function says neither <see cref="AllowAnonymousAccessAttribute"/> nor <see cref="RequiresRoleAttribute"/>.</param>
public sealed record HttpFunction(string Name, string Route, IReadOnlyList<string> Methods, AccessRule? Access);

/// <summary>All HTTP functions of this app, read once from their attributes.</summary>
public sealed class HttpFunctions
{
    private readonly Dictionary<string, HttpFunction> byName;
    private readonly (HttpFunction Function, TemplateMatcher Matcher)[] routes;
    private readonly DefaultInlineConstraintResolver constraints;

    /// <summary>Reads the functions of this assembly.</summary>
    public HttpFunctions(IServiceProvider services)
    {
        constraints = new DefaultInlineConstraintResolver(Options.Create(new RouteOptions()), services);
        All = [.. Read(typeof(HttpFunctions).Assembly)];
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

    private static IEnumerable<HttpFunction> Read(Assembly assembly) =>
        from type in assembly.GetExportedTypes()
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static)
        let function = method.GetCustomAttribute<FunctionAttribute>()
        where function is not null
        from parameter in method.GetParameters()
        let trigger = parameter.GetCustomAttribute<HttpTriggerAttribute>()
        where trigger is not null
        select new HttpFunction(
            function.Name,
            trigger.Route ?? function.Name,
            [.. (trigger.Methods ?? []).Select(m => m.ToUpperInvariant())],
            AccessRule.Of(method));
}
