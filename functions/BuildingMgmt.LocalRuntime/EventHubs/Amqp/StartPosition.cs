using System.Globalization;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>Where in a partition to begin reading.</summary>
/// <param name="Filter">Selector in the words that Event Hubs understands.</param>
internal readonly record struct StartPosition(string Filter)
{
    public static readonly StartPosition Earliest = new("amqp.annotation.x-opt-offset > '-1'");

    public static readonly StartPosition Latest = new("amqp.annotation.x-opt-offset > '@latest'");

    public static StartPosition AfterOffset(string offset) => new($"amqp.annotation.x-opt-offset > '{offset}'");

    public static StartPosition AfterSequenceNumber(long number) =>
        new(string.Create(CultureInfo.InvariantCulture, $"amqp.annotation.x-opt-sequence-number > '{number}'"));

    public static StartPosition AfterTime(DateTimeOffset time) =>
        new(string.Create(CultureInfo.InvariantCulture, $"amqp.annotation.x-opt-enqueued-time > '{time.ToUnixTimeMilliseconds()}'"));
}
