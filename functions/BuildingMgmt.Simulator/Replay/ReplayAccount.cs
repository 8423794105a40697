using BuildingMgmt.Simulator.Gateways;
using Npgsql;

namespace BuildingMgmt.Simulator.Replay;

/// <summary>
/// Accounts for a replay's rows: counts those to be sent, and compares their number with what the system's ledger says has
/// arrived between <see cref="OpenAsync"/> and <see cref="CloseAsync"/>.
/// </summary>
internal sealed class ReplayAccount(DataSet dataSet, EventHubSink hub, GatewayLedger ledger, TimeProvider time, ILogger logger)
{
    // The system may be restarting, or be the one that a test has just killed.
    private static readonly TimeSpan NoProgressMax = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    private LedgerCounts _before;

    /// <summary>Readings of the data set that have a value, each of which is to be sent; known once the rows are counted.</summary>
    public long Sending { get; private set; }

    /// <summary>Reads the data set through.</summary>
    /// <exception cref="CommandException">A row is wrong.</exception>
    public void CountRows(CancellationToken cancellationToken)
    {
        Sending = 0;
        foreach (var row in dataSet.ReadRows())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!row.IsMissing)
                Sending++;
        }
    }

    /// <summary>Reads the ledger as it is before anything is sent.</summary>
    /// <exception cref="CommandException">The system does not go on.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        // What an interrupted replay left in the hub must be in the ledger before ours begins.
        await WaitUntilStoredAsync(cancellationToken);
        _before = await ReadLedgerAsync(cancellationToken);
    }

    /// <summary>Waits until all that the hub holds is stored, and says what became of what was sent.</summary>
    /// <param name="uncertain">Readings sent again without knowing whether they had arrived.</param>
    /// <exception cref="CommandException">The system does not go on.</exception>
    public async Task<ReplayOutcome> CloseAsync(long uncertain, CancellationToken cancellationToken)
    {
        await WaitUntilStoredAsync(cancellationToken);
        return Settle(Sending, uncertain, await ReadLedgerAsync(cancellationToken) - _before);
    }

    /// <summary>Compares what was sent with what the ledger says has arrived since then.</summary>
    /// <param name="sent">Readings handed to the hub, each counted once.</param>
    /// <param name="uncertain">Readings sent again without knowing whether they had arrived.</param>
    /// <param name="ledger">What the ledger counted during the run.</param>
    public static ReplayOutcome Settle(long sent, long uncertain, LedgerCounts ledger)
    {
        var repeated = ledger.Accounted - sent;
        if (repeated < 0)
            return new ReplayOutcome(sent, ledger, 0, $"{-repeated} of {sent} readings are in no account.");
        if (repeated > uncertain)
        {
            return new ReplayOutcome(sent, ledger, 0,
                $"{repeated} readings more than were sent arrived under the same gateways. Is another replay of this data set running?");
        }

        // The second arrival of a reading is a duplicate when the first was stored, or a dead letter again.
        var duplicates = Math.Min(repeated, ledger.Duplicate);
        return new ReplayOutcome(
            sent,
            ledger with { Duplicate = ledger.Duplicate - duplicates, DeadLettered = ledger.DeadLettered - (repeated - duplicates) },
            repeated,
            null);
    }

    /// <summary>
    /// Waits until every event that is in the hub now is stored. Positions move in the transaction that stores the events
    /// and enters them into the ledger, so the ledger is complete then, also where a count alone could deceive.
    /// </summary>
    private async Task WaitUntilStoredAsync(CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, long>? wanted = null;
        var progress = -1L;
        var progressed = time.GetTimestamp();
        while (true)
        {
            var problem = "The event hub or PostgreSQL cannot be reached.";
            try
            {
                wanted ??= await hub.LastSequenceNumbersAsync(cancellationToken);
                var positions = await ledger.ReadPositionsAsync(cancellationToken);
                var behind = wanted.Where(partition => positions.GetValueOrDefault(partition.Key, -1) < partition.Value).ToArray();
                if (behind.Length == 0)
                    return;

                problem = "Not stored yet: " + string.Join(", ", behind.Select(partition =>
                    $"partition {partition.Key} from {positions.GetValueOrDefault(partition.Key, -1)} to {partition.Value}")) + ".";
                if (positions.Values.Sum() is var sum && sum != progress)
                {
                    progress = sum;
                    progressed = time.GetTimestamp();
                }
            }
            catch (Exception exception) when (exception is NpgsqlException or HubAwayException)
            {
                problem += " " + exception.Message;
            }

            if (time.GetElapsedTime(progressed) > NoProgressMax)
                throw new CommandException($"The system has stored nothing for {NoProgressMax.TotalMinutes} minutes. {problem}");
            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    private async Task<LedgerCounts> ReadLedgerAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await ledger.ReadAsync(cancellationToken);
            }
            catch (NpgsqlException exception) when (time.GetElapsedTime(started) < NoProgressMax)
            {
                logger.LedgerUnreachable(exception.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken);
            }
        }
    }
}

internal static partial class ReplayLog
{
    [LoggerMessage(LogEvents.LedgerUnreachable, LogLevel.Warning, "The ledger cannot be read now: {Reason}")]
    public static partial void LedgerUnreachable(this ILogger logger, string reason);
}
