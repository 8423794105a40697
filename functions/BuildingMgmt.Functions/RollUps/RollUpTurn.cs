using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BuildingMgmt.Functions.RollUps;

/// <summary>Transactions in which to roll up, one after another, each with the turn and of a size that suits the database.</summary>
internal sealed class RollUpTurn(NpgsqlDataSource source, int bucketsMax, TimeProvider time, ILogger logger)
{
    private readonly StepSize size = new(bucketsMax);

    /// <summary>Waits for the turn, works and commits. What takes too long is rolled back and done again with less at once.</summary>
    /// <param name="work">Is told how many points times hours to take.</param>
    /// <param name="cancellationToken">Rolls back.</param>
    public async Task<T> TakeAsync<T>(Func<NpgsqlTransaction, int, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var began = time.GetTimestamp();
                var result = await WorkAsync(work, cancellationToken);
                size.Took(time.GetElapsedTime(began));
                return result;
            }
            catch (NpgsqlException exception) when (IsTimeout(exception) && size.Buckets > 1)
            {
                size.TimedOut();
                logger.RollUpTooSlow(exception, size.Buckets);
            }
        }
    }

    private async Task<T> WorkAsync<T>(Func<NpgsqlTransaction, int, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await RollUpLock.TakeAsync(transaction, cancellationToken);
        var result = await work(transaction, size.Buckets, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return result;
    }

    private static bool IsTimeout(NpgsqlException exception) =>
        exception is { InnerException: TimeoutException } or PostgresException { SqlState: PostgresErrorCodes.QueryCanceled };
}
