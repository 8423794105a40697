using System.Text.Json;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.LocalRuntime.Configuration;

/// <summary>Reads <c>Values</c> of local.settings.json, which stand below the environment.</summary>
internal static class LocalSettings
{
    private const string FileName = "local.settings.json";

    private static readonly JsonDocumentOptions Options = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <returns>Settings with <c>:</c> between their parts; none when there is no file.</returns>
    /// <exception cref="FunctionWorkerException">The file is no JSON, or a value is not text.</exception>
    public static IReadOnlyDictionary<string, string?> Read(string folder)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            return settings;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), Options);
            if (!document.RootElement.TryGetProperty("Values", out var values))
                return settings;
            foreach (var value in values.EnumerateObject())
            {
                if (value.Value.ValueKind != JsonValueKind.String)
                {
                    throw new FunctionWorkerException(
                        $"{FileName}: \"Values.{value.Name}\" is not text. Settings are environment variables: put the value in quotes.");
                }

                settings[value.Name.Replace("__", ":", StringComparison.Ordinal)] = value.Value.GetString();
            }

            return settings;
        }
        catch (JsonException e)
        {
            throw new FunctionWorkerException($"{path} is no JSON: {e.Message}", e);
        }
    }
}
