using System.Text.RegularExpressions;
using BuildingMgmt.LocalRuntime.Functions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;

namespace BuildingMgmt.LocalRuntime.Configuration;

/// <summary>Puts settings into the places where an attribute says <c>%Name%</c>.</summary>
internal static partial class SettingReference
{
    /// <exception cref="FunctionWorkerException">A setting is missing.</exception>
    public static string Resolve(string text, IConfiguration configuration, LoadedFunction function) =>
        Resolve(text, configuration, $"Function {function}: its trigger");

    /// <param name="place">What refers to the setting, for the message.</param>
    /// <exception cref="FunctionWorkerException">A setting is missing.</exception>
    public static string Resolve(string text, IConfiguration configuration, string place) =>
        Reference().Replace(text, match => configuration[match.Groups[1].Value.Replace("__", ":", StringComparison.Ordinal)] is { Length: > 0 } value
            ? value
            : throw new FunctionWorkerException($"{place} refers to setting \"{match.Groups[1].Value}\", which is missing."));

    [GeneratedRegex("%([^%]+)%")]
    private static partial Regex Reference();
}
