using BuildingMgmt.Functions.Health;
using Microsoft.Extensions.Options;
using Npgsql;

namespace BuildingMgmt.Functions.DeadLetters;

/// <summary>Says when the dead letters come near to what is kept of them.</summary>
public sealed class DeadLetterNotice(IOptions<DeadLetterOptions> options) : IHealthNotice
{
    private const int PercentMax = 80;

    /// <inheritdoc/>
    public string Name => "dead_letters";

    /// <inheritdoc/>
    public async Task<string?> LookAsync(NpgsqlDataSource primary, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(primary);
        await using var command = primary.CreateCommand("SELECT letters, bytes FROM dead_letter_volume");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return null;
        var percent = Math.Max(
            reader.GetInt64(0) * 100 / options.Value.LettersMax, reader.GetInt64(1) * 100 / DeadLetterPurge.BytesMax(options.Value));
        return percent <= PercentMax ? null
            : $"Dead letters take {percent} % of what is kept of them; above 100 the oldest are deleted. Mend their causes and replay them, or raise DeadLetters__MiBMax and DeadLetters__LettersMax.";
    }
}
