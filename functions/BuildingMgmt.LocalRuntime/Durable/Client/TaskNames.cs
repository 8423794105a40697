using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Durable.Client;

/// <summary>What may be the name of an orchestrator, an activity or an event, and a version: what PostgreSQL can store and find by an index.</summary>
internal static class TaskNames
{
    private const int CharsMax = 500;

    /// <param name="what">What it names, at the beginning of the message.</param>
    /// <exception cref="ArgumentException">It is empty, too long, or holds what no text can.</exception>
    public static void Check(string? name, string what, string parameter)
    {
        if (string.IsNullOrEmpty(name))
            throw new ArgumentException($"{what} is missing.", parameter);
        CheckText(name, what, parameter);
    }

    /// <exception cref="ArgumentException">It is too long, or holds what no text can.</exception>
    public static void CheckVersion(TaskVersion? version, string parameter)
    {
        if (version is { Version: { Length: > 0 } text })
            CheckText(text, "A version", parameter);
    }

    /// <summary>Whether half of a surrogate pair stands alone somewhere.</summary>
    public static bool HasHalfOfPair(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            if (System.Text.Rune.DecodeFromUtf16(text, out _, out var length) != System.Buffers.OperationStatus.Done)
                return true;
            text = text[length..];
        }

        return false;
    }

    private static void CheckText(string text, string what, string parameter)
    {
        if (text.Length > CharsMax)
            throw new ArgumentException($"{what} is {text.Length} characters long; {CharsMax} are allowed.", parameter);
        if (text.Contains('\0') || HasHalfOfPair(text))
            throw new ArgumentException($"{what} holds U+0000 or one half of a surrogate pair, which no text can be stored with.", parameter);
    }
}
