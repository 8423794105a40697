using System.Globalization;
using BuildingMgmt.Simulator.Gateways;

namespace BuildingMgmt.Simulator.Replay;

/// <summary>
/// A whole replay: check the data set, send it, wait until the system has accounted for all of it.
/// Checking comes first, in a pass of its own over the stream: a bad row is found before half a data set is in the system.
/// </summary>
internal sealed class ReplayRun(DataSet dataSet, EventHubSink hub, GatewayLedger ledger, TimeProvider time, ILogger logger)
{
    /// <exception cref="CommandException">The data set is wrong, its building is unknown, or the system does not go on.</exception>
    public async Task<ReplayOutcome> RunAsync(double? speed, TextWriter output, CancellationToken cancellationToken)
    {
        await output.WriteLineAsync("checking the data set");
        var account = new ReplayAccount(dataSet, hub, ledger, time, logger);
        account.CountRows(cancellationToken);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{dataSet.Points.Count} points, {account.Sending} readings to send"));
        if (await ledger.FindUnknownAsync(cancellationToken) is { Count: > 0 } unknown)
        {
            throw new CommandException(
                $"The system does not know gateway {string.Join(", ", unknown)}. Import the data set first, with the command \"catalogue\".");
        }

        await account.OpenAsync(cancellationToken);
        await using var sender = new DataSetSender(dataSet, hub, speed, time, logger);
        await SendAsync(sender, account.Sending, output, cancellationToken);
        return await account.CloseAsync(sender.UncertainReadings, cancellationToken);
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
}
