using System.Text.Json;
using System.Text.Json.Serialization;

namespace BuildingMgmt.Simulator;

/// <summary>What a running system says about itself in <c>run.json</c>, as far as gateways need it.</summary>
internal sealed record RunFile(string EventHubs, string Hub, string? Postgres)
{
    /// <exception cref="CommandException">The file is missing or lacks a connection string.</exception>
    public static async Task<RunFile> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = File.OpenRead(path);
            var run = await JsonSerializer.DeserializeAsync(file, RunFileJson.Default.RunFile, cancellationToken);
            return string.IsNullOrEmpty(run?.EventHubs) || string.IsNullOrEmpty(run.Hub)
                ? throw new CommandException($"\"{path}\" lacks \"event_hubs\" or \"hub\". Is it the run.json of a running system?")
                : run;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CommandException(
                $"\"{path}\" cannot be read: {exception.Message} Start the system first; it writes run.json into its data folder.");
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RunFile))]
internal sealed partial class RunFileJson : JsonSerializerContext;

/// <summary>The command cannot do what it was asked for; the message is for its user.</summary>
internal sealed class CommandException(string message) : Exception(message);
