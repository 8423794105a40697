using System.Globalization;
using BuildingMgmt.Simulator.Gateways;
using Npgsql;

namespace BuildingMgmt.Simulator.Replay;

/// <summary>
/// A whole replay: check the data set, send it, wait until the system has accounted for all of it.
/// Checking comes first, in a pass of its own over the stream: a bad row is found before half a data set is in the system.
/// </summary>
internal sealed class ReplayRun(DataSet dataSet, EventHubSink hub, GatewayLedger ledger, TimeProvider time, ILogger logger)
{
    // The system may be restarting, or be the one that a test has just killed.
    private static readonly TimeSpan NoProgressMax = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    /// <exception cref="CommandException">The data set is wrong, its building is unknown, or the system does not go on.</exception>
    public async Task<ReplayOutcome> RunAsync(double? speed, TextWriter output, CancellationToken cancellationToken)
    {
        await output.WriteLineAsync("checking the data set");
        var sending = Check(cancellationToken);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{dataSet.Points.Count} points, {sending} readings to send"));
        if (await ledger.FindUnknownAsync(cancellationToken) is { Count: > 0 } unknown)
        {
            throw new CommandException(
                $"The system does not know gateway {string.Join(", ", unknown)}. Import the data set first, with the command \"catalogue\".");
        }

        // What an interrupted replay left in the hub must be in the accounts before ours begin.
        await WaitUntilStoredAsync(cancellationToken);
        var before = await ReadLedgerAsync(cancellationToken);
        await using var sender = new DataSetSender(dataSet, hub, speed, time, logger);
        await SendAsync(sender, sending, output, cancellationToken);
        await WaitUntilStoredAsync(cancellationToken);
        return ReplayOutcome.Settle(sending, sender.UncertainReadings, await ReadLedgerAsync(cancellationToken) - before);
    }

    private long Check(CancellationToken cancellationToken)
    {
        var sending = 0L;
        foreach (var row in dataSet.ReadRows())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!row.IsMissing)
                sending++;
        }

        return sending;
    }

    private async Task SendAsync(DataSetSender sender, long total, TextWriter output, CancellationToken cancellationToken)
    {
        // Encoding is work of a whole core; the progress lines must not wait for it.
        var sending = Task.Run(() => sender.SendAsync(cancellationToken), cancellationToken);
        var started = time.GetTimestamp();
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        while (await Task.WhenAny(sending, second.WaitForNextTickAsync(cancellationToken).AsTask()) != sending)
            await WriteProgressAsync();
        await sending;
        await WriteProgressAsync();

        Task WriteProgressAsync()
        {
            var sent = sender.AcceptedReadings;
            var rate = sent / Math.Max(0.001, time.GetElapsedTime(started).TotalSeconds);
            return output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{sent} of {total} readings sent, {rate:f0}/s"));
        }
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
