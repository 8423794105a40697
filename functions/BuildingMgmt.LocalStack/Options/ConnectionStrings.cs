using Azure.Data.Tables;
using BuildingMgmt.LocalRuntime.EventHubs;
using BuildingMgmt.LocalStack.Running;
using Npgsql;

namespace BuildingMgmt.LocalStack.Options;

/// <summary>
/// Connection strings of services from outside, read before anything is started: the service that would stumble over one comes last.
/// They hold keys, so no message shows one.
/// </summary>
internal static class ConnectionStrings
{
    /// <summary>What is wrong with those that were given; empty when nothing is.</summary>
    public static IEnumerable<string> Errors(StackOptions options)
    {
        (string Option, string? Given, Action<string> Read)[] all =
        [
            ("--postgres", options.Postgres, ReadPostgres),
            ("--storage", options.Storage, text => _ = new TableServiceClient(text)),
            ("--event-hubs", options.EventHubs, text => HubAddress.Parse(text, StackServices.Hub)),
        ];
        return all.Select(entry => entry.Given is null ? null : Error(entry.Option, entry.Given, entry.Read)).OfType<string>();
    }

    private static string? Error(string option, string given, Action<string> read)
    {
        try
        {
            read(given);
            return null;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidOperationException)
        {
            // The parameter is a name of the code, not of the command line.
            var reason = error.Message.Split(" (Parameter '")[0];
            return $"{option} is no connection string that can be used: {reason}";
        }
    }

    private static void ReadPostgres(string text)
    {
        if (string.IsNullOrWhiteSpace(new NpgsqlConnectionStringBuilder(text).Host))
            throw new FormatException("it names no Host. Its form is Host=…;Port=…;Database=…;Username=…;Password=….");
    }
}
