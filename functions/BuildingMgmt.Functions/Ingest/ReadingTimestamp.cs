namespace BuildingMgmt.Functions.Ingest;

/// <summary>
/// Reads ISO 8601 timestamps from UTF-8: <c>2026-03-29T01:30:00.25Z</c> or with an offset (<c>+02:00</c>, <c>+0200</c>, <c>+02</c>).
/// Seconds and their fraction may be left out; one without Z or offset says nothing and is refused.
/// </summary>
internal static class ReadingTimestamp
{
    private const long MicrosecondsPerSecond = 1_000_000;

    // ISO 8601 names no limit; the zones of the world end at +14:00.
    private const int OffsetMinutesMax = 14 * 60;

    // Days from 0001-01-01 to 1970-01-01.
    private static readonly int EpochDayNumber = new DateOnly(1970, 1, 1).DayNumber;

    /// <summary>Longest text that is looked at: seconds with nine decimals and an offset take 35.</summary>
    public const int LengthMax = 40;

    /// <param name="microseconds">Since 1970-01-01T00:00Z; what is finer than a microsecond is cut off.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, out long microseconds)
    {
        microseconds = 0;
        if (text.Length is < 17 or > LengthMax || text[4] != '-' || text[7] != '-' || (text[10] | 0x20) != 't' || text[13] != ':')
            return false;
        var date = Two(text, 0) * 100 + Two(text, 2) is var year
            && Two(text, 5) is var month && Two(text, 8) is var day
            && year is >= 1 and <= 9999 && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month)
                ? new DateOnly(year, month, day).DayNumber
                : -1;
        var hour = Two(text, 11);
        var minute = Two(text, 14);
        if (date < 0 || hour is < 0 or > 23 || minute is < 0 or > 59)
            return false;

        var second = 0;
        var fraction = 0L;
        var rest = text[16..];
        if (rest[0] == ':')
        {
            if (rest.Length < 4 || (second = Two(rest, 1)) is < 0 or > 59)
                return false;
            rest = rest[3..];
            if ((rest[0] is (byte)'.' or (byte)',') && !TryReadFraction(ref rest, out fraction))
                return false;
        }

        if (!TryReadOffset(rest, out var offsetMinutes))
            return false;
        var days = (long)(date - EpochDayNumber);
        microseconds = ((((days * 24 + hour) * 60 + minute - offsetMinutes) * 60) + second) * MicrosecondsPerSecond + fraction;
        return true;
    }

    private static bool TryReadFraction(ref ReadOnlySpan<byte> rest, out long microseconds)
    {
        microseconds = 0;
        var index = 1;
        for (; index < rest.Length && rest[index] is >= (byte)'0' and <= (byte)'9'; index++)
        {
            if (index <= 6)
                microseconds = microseconds * 10 + (rest[index] - '0');
        }

        var digits = index - 1;
        for (var missing = digits; missing < 6; missing++)
            microseconds *= 10;
        rest = rest[index..];
        return digits > 0 && rest.Length > 0;
    }

    private static bool TryReadOffset(ReadOnlySpan<byte> rest, out int minutes)
    {
        minutes = 0;
        if (rest.Length == 1)
            return (rest[0] | 0x20) == 'z';
        if (rest.Length is not (3 or 5 or 6) || rest[0] is not ((byte)'+' or (byte)'-') || (rest.Length == 6 && rest[3] != ':'))
            return false;
        var hours = Two(rest, 1);
        var rests = rest.Length == 3 ? 0 : Two(rest, rest.Length - 2);
        if (hours < 0 || rests is < 0 or > 59)
            return false;
        minutes = hours * 60 + rests;
        if (minutes > OffsetMinutesMax)
            return false;
        if (rest[0] == '-')
            minutes = -minutes;
        return true;
    }

    // Two digits as a number, or a number far below zero.
    private static int Two(ReadOnlySpan<byte> text, int at)
    {
        var tens = (uint)(text[at] - '0');
        var ones = (uint)(text[at + 1] - '0');
        return tens > 9 || ones > 9 ? -100_000 : (int)(tens * 10 + ones);
    }
}
