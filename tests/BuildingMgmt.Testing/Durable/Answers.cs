namespace BuildingMgmt.Testing.Durable;

internal static class Answers
{
    /// <summary>Does a call at once, unless nobody waits for its answer any more.</summary>
    public static Task<T> Answer<T>(this CancellationToken cancellationToken, Func<T> call) =>
        cancellationToken.IsCancellationRequested ? Task.FromCanceled<T>(cancellationToken) : Task.FromResult(call());
}
