namespace BuildingMgmt.LocalRuntime.Tests.Durable.Processes;

/// <summary>
/// Answers of a server whose connection is cut before they arrive: who asked cannot know whether the transaction has been committed. (It
/// has, nearly always.)
/// </summary>
/// <param name="count">As many; then all arrive.</param>
internal sealed class LostAnswers(int count, int seed)
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);
    private int _left = count;

    /// <summary>Those that have not been lost yet.</summary>
    public int Left => Volatile.Read(ref _left);

    public bool Arrives(ReadOnlyMemory<byte> _)
    {
        lock (_lock)
        {
            // Often, so that all are lost however many commits go together and share an answer.
            if (_left == 0 || _random.Next(10) != 0)
                return true;
            _left--;
            return false;
        }
    }
}
