using System.Globalization;
using System.Net;
using System.Net.Sockets;
using BuildingMgmt.DurableApp;
using BuildingMgmt.Testing;
using BuildingMgmt.Testing.Durable;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Processes;

/// <summary>Many inspections, started and approved through processes that may go at any instant: whatever fails is tried again elsewhere.</summary>
internal sealed class BuildingInspections(IReadOnlyList<DurableAppProcess> processes)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(4);

    private readonly Random _random = new(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Starts as many, approves each, and gives what each ended with: status, custom status, output.</summary>
    /// <param name="first">Number of the first building.</param>
    public async Task<IReadOnlyList<string>> RunAsync(int count, int first = 0)
    {
        var buildings = Enumerable.Range(first, count).ToList();
        foreach (var i in buildings)
            await AskAsync(HttpMethod.Put, $"{nameof(InspectBuilding)}/{Id(i)}/{i}", HttpStatusCode.Conflict);
        foreach (var i in buildings)
            await AskAsync(HttpMethod.Post, $"events/{Id(i)}/{InspectBuilding.Approved}/{Approval(i)}", HttpStatusCode.NotFound);
        var ends = new List<string>();
        foreach (var i in buildings)
            ends.Add(await EndAsync(i));
        return ends;
    }

    /// <summary>How the inspection of a building ends when nothing disturbs it.</summary>
    public static string Expected(int building)
    {
        var findings = Enumerable.Range(0, InspectBuilding.Zones + 2).Sum(zone => new Zone(building, zone).Finding);
        return string.Create(CultureInfo.InvariantCulture, $"Completed \"waiting\" {findings + Approval(building)}");
    }

    /// <summary>All effects of as many inspections, each once.</summary>
    public static IEnumerable<string> ExpectedEffects(int count) =>
        (from building in Enumerable.Range(0, count)
        from number in Enumerable.Range(0, InspectBuilding.Zones + 2)
        let zone = new Zone(building, number)
        select (zone.Key, zone.Finding)).OrderBy(effect => effect.Key, StringComparer.Ordinal)
        .Select(effect => string.Create(CultureInfo.InvariantCulture, $"{effect.Key}={effect.Finding}"));

    /// <summary>Waits until activities have had so many effects.</summary>
    public static Task EffectsAsync(TestDatabase database, int atLeast) => Eventually.TrueAsync(
        async () => (await EffectsAsync(database)).Count >= atLeast, Deadline, $"activities have had {atLeast} effects", Token);

    /// <summary>Effects and their values, in the order of their keys, as the activities left them.</summary>
    public static async Task<IReadOnlyList<string>> EffectsAsync(TestDatabase database)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand("SELECT key || '=' || value FROM effect ORDER BY key COLLATE \"C\"");
        await using var reader = await command.ExecuteReaderAsync(Token);
        var effects = new List<string>();
        while (await reader.ReadAsync(Token))
            effects.Add(reader.GetString(0));
        return effects;
    }

    private static string Id(int building) => string.Create(CultureInfo.InvariantCulture, $"inspection-{building}");

    private static int Approval(int building) => 1_000_000 + building;

    private async Task<string> EndAsync(int building)
    {
        var last = "";
        try
        {
            return await Eventually.ValueAsync(
                async () =>
                {
                    last = await AskAsync(HttpMethod.Get, $"status/{Id(building)}");
                    return last.StartsWith("Completed", StringComparison.Ordinal) || last.StartsWith("Failed", StringComparison.Ordinal) ? last : null;
                },
                Deadline, $"{Id(building)} ends", Token);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; it is: {last}", e);
        }
    }

    /// <summary>Asks one process after another until one answers with success, or with the status that means the same.</summary>
    private async Task<string> AskAsync(HttpMethod method, string path, HttpStatusCode also = HttpStatusCode.OK) =>
        await Eventually.ValueAsync(
            async () =>
            {
                var process = processes[_random.Next(processes.Count)];
                try
                {
                    using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
                    using var response = await process.Http.SendAsync(request, Token);
                    return response.IsSuccessStatusCode || response.StatusCode == also ? await response.Content.ReadAsStringAsync(Token) : null;
                }
                catch (Exception e) when (e is HttpRequestException or SocketException or IOException)
                {
                    // It was killed, or has not started yet.
                    return null;
                }
            },
            Deadline, $"{method} {path} is answered", Token);
}
