using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>
/// Holds two sections' settings against each other: if the statement that waits for a partition were given up before its lock
/// timeout, nobody would ever end the session of a frozen instance.
/// </summary>
internal sealed class FrozenAfterValidation(IOptions<PostgresOptions> postgres) : IValidateOptions<IngestOptions>
{
    public ValidateOptionsResult Validate(string? name, IngestOptions options)
    {
        int writeTimeoutSeconds;
        try
        {
            writeTimeoutSeconds = postgres.Value.WriteTimeoutSeconds;
        }
        catch (OptionsValidationException)
        {
            // It tells its own mistakes.
            return ValidateOptionsResult.Skip;
        }

        var lockSeconds = options.FrozenAfterSeconds + PartitionPosition.LockMarginSeconds;
        return lockSeconds < writeTimeoutSeconds
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"Setting Ingest__FrozenAfterSeconds: With {PartitionPosition.LockMarginSeconds} more it is {lockSeconds}, which is not below "
                + $"Postgres__WriteTimeoutSeconds ({writeTimeoutSeconds}). Lower the one or raise the other.");
    }
}
