using System.Globalization;
using System.Text.RegularExpressions;
using Amqp;
using Amqp.Types;
using BuildingMgmt.EventHubsEndpoint.Log;

namespace BuildingMgmt.EventHubsEndpoint.Receiving;

/// <summary>Reads where a receiver wants to begin, from the selector filter of its source.</summary>
internal static partial class StartFilter
{
    private const string FilterName = "apache.org:selector-filter:string";
    private const string ArgumentError = "com.microsoft:argument-error";

    /// <exception cref="AmqpException">The filter is none that a hub knows, or names a place that is not there yet.</exception>
    public static StartPosition Read(Map? filters, LogEnd end)
    {
        // Without a filter the service begins at the oldest event.
        if (Find(filters) is not { } value)
            return new StartPosition(StartKind.Earliest);
        var text = (value is DescribedValue described ? described.Value : value) as string ?? "";
        var match = Selector().Match(text);
        if (!match.Success)
            throw new AmqpException(ErrorCode.InvalidField, $"The filter \"{text}\" is not one of x-opt-offset, x-opt-sequence-number, x-opt-enqueued-time.");

        var wanted = match.Groups["value"].Value;
        // The end as it is now: what comes between the attach and the first credit belongs to the receiver.
        if (wanted == "@latest")
            return new StartPosition(StartKind.SequenceNumber, end.NextSequenceNumber);
        if (!long.TryParse(wanted, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) || number == long.MaxValue)
            throw new AmqpException(ErrorCode.InvalidField, $"\"{wanted}\" in the filter \"{text}\" is no number.");
        var first = match.Groups["operator"].Value == ">" ? number + 1 : number;
        return match.Groups["name"].Value switch
        {
            "offset" when first <= 0 => new StartPosition(StartKind.Earliest),
            "offset" => new StartPosition(StartKind.Offset, AtMost(first, end.EndOffset, "offset", wanted, end.LastOffsetText)),
            "sequence-number" => new StartPosition(StartKind.SequenceNumber,
                AtMost(first, end.NextSequenceNumber, "sequence number", wanted, $"{end.NextSequenceNumber - 1}")),
            _ => new StartPosition(StartKind.Time, first),
        };
    }

    // A checkpoint of another, lost log: waiting until this one has caught up would lose all events up to there without a word.
    private static long AtMost(long first, long max, string what, string wanted, string last) => first <= max
        ? first
        : throw new AmqpException(ArgumentError, $"The supplied {what} '{wanted}' is invalid. The last {what} in the system is '{last}'.");

    private static object? Find(Map? filters) => filters is null
        ? null
        : filters.FirstOrDefault(filter => filter.Key?.ToString() == FilterName).Value;

    [GeneratedRegex("""^\s*amqp\.annotation\.x-opt-(?<name>offset|sequence-number|enqueued-time)\s*(?<operator>>=?)\s*'(?<value>[^']*)'\s*$""",
        RegexOptions.CultureInvariant)]
    private static partial Regex Selector();
}
