using System.Globalization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;

namespace BuildingMgmt.LocalRuntime.Configuration;

/// <summary>Reads settings one by one, remembers which were asked for, and takes the rest for errors.</summary>
internal sealed class HostJsonReader(IConfigurationRoot root)
{
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _errors = [];

    public string Text(string path, string fallback)
    {
        _known.Add(path);
        return root[path] ?? fallback;
    }

    public int Number(string path, int fallback, int min, int max)
    {
        if (Text(path, "") is not { Length: > 0 } text)
            return fallback;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
            return number;
        Error(path, $"is \"{text}\"; it must be a whole number from {min} to {max}");
        return fallback;
    }

    public bool Flag(string path, bool fallback)
    {
        if (Text(path, "") is not { Length: > 0 } text)
            return fallback;
        if (bool.TryParse(text, out var flag))
            return flag;
        Error(path, $"is \"{text}\"; it must be true or false");
        return fallback;
    }

    public TimeSpan Time(string path, TimeSpan fallback, TimeSpan min, TimeSpan max)
    {
        if (Text(path, "") is not { Length: > 0 } text)
            return fallback;
        if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) && time >= min && time <= max)
            return time;
        Error(path, $"is \"{text}\"; it must be a time from {min} to {max}, as hh:mm:ss");
        return fallback;
    }

    /// <summary>All settings below a path, by the rest of their paths.</summary>
    public IReadOnlyDictionary<string, string?> Section(string path)
    {
        var section = root.GetSection(path).AsEnumerable(makePathsRelative: true).Where(pair => pair.Value is not null).ToDictionary();
        _known.UnionWith(section.Keys.Select(key => $"{path}:{key}"));
        return section;
    }

    // Most often the setting is only misspelt.
    private string KnownBeside(string path)
    {
        var section = path[..(path.LastIndexOf(':') + 1)];
        var known = _known.Where(other => other.StartsWith(section, StringComparison.OrdinalIgnoreCase) && !other[section.Length..].Contains(':'))
            .Select(other => other[section.Length..]).Order(StringComparer.OrdinalIgnoreCase).ToList();
        return known.Count == 0 || section.Length == 0 ? "" : $" (known beside it: {string.Join(", ", known)})";
    }

    public void Error(string path, string what) => _errors.Add($"\"{path.Replace(':', '.')}\" {what}.");

    public void ThrowIfErrors(string file)
    {
        foreach (var (path, value) in root.AsEnumerable())
        {
            if (value is not null && !_known.Contains(path) && !root.GetSection(path).GetChildren().Any())
                Error(path, $"is not honoured locally{KnownBeside(path)}; take it out, or run the app by the Functions host");
        }

        if (_errors.Count > 0)
            throw new FunctionWorkerException($"{file} cannot be used as it is:{string.Concat(_errors.Select(error => $"{Environment.NewLine}  {error}"))}");
    }
}
