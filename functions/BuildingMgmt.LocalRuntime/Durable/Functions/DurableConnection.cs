using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Durable.Functions;

/// <summary>How the database of the app's orchestrations is reached. Checked at the start, together with the app's own settings.</summary>
internal sealed class DurableConnection
{
    public const string Setting = "DurablePostgres";

    /// <summary>Connections unless the connection string says otherwise: those of the worker's calls, and some for clients.</summary>
    private const int ConnectionsMax = 14;

    public string Given { get; set; } = "";

    public static void Check(IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<DurableConnection>, Validation>();
        services.AddOptions<DurableConnection>()
            .Configure<IConfiguration>((connection, configuration) => connection.Given = configuration[Setting] ?? "")
            .ValidateOnStart();
    }

    /// <summary>With what the engine would have where it is not said.</summary>
    /// <exception cref="ArgumentException">It is no connection string of PostgreSQL.</exception>
    public string Complete()
    {
        var connection = new NpgsqlConnectionStringBuilder(Given);
        if (!connection.ShouldSerialize("Maximum Pool Size"))
            connection.MaxPoolSize = ConnectionsMax;
        if (!connection.ShouldSerialize("Application Name"))
            connection.ApplicationName = "durable";
        return connection.ConnectionString;
    }

    private sealed class Validation : IValidateOptions<DurableConnection>
    {
        public ValidateOptionsResult Validate(string? name, DurableConnection options)
        {
            if (options.Given.Length == 0)
            {
                return ValidateOptionsResult.Fail(
                    $"Setting \"{Setting}\" is missing: the connection string of the PostgreSQL database in which the app's orchestrations live.");
            }

            try
            {
                options.Complete();
                return ValidateOptionsResult.Success;
            }
            catch (ArgumentException e)
            {
                // Not its text: it may hold a password.
                return ValidateOptionsResult.Fail($"Setting \"{Setting}\" is no connection string of PostgreSQL: {e.Message}");
            }
        }
    }
}
