namespace Microsoft.DurableTask;

/// <summary>Values that come page by page.</summary>
public abstract class AsyncPageable<T> : IAsyncEnumerable<T>
    where T : notnull
{
    /// <summary>The pages.</summary>
    /// <param name="continuationToken">Of the page before the first; null: from the beginning.</param>
    /// <param name="pageSizeHint">Wanted size of a page.</param>
    public abstract IAsyncEnumerable<Page<T>> AsPages(string? continuationToken = null, int? pageSizeHint = null);

    /// <inheritdoc/>
    public async IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        await foreach (var page in AsPages().WithCancellation(cancellationToken).ConfigureAwait(false))
            foreach (var value in page.Values)
                yield return value;
    }
}

/// <summary>One page.</summary>
public sealed class Page<T>
    where T : notnull
{
    /// <summary>Makes a page.</summary>
    public Page(IReadOnlyList<T> values, string? continuationToken = null)
    {
        ArgumentNullException.ThrowIfNull(values);
        Values = values;
        ContinuationToken = continuationToken;
    }

    /// <summary>What is on it.</summary>
    public IReadOnlyList<T> Values { get; }

    /// <summary>Where the next page begins; null: it is the last.</summary>
    public string? ContinuationToken { get; }
}

/// <summary>Makes pageables from functions.</summary>
public static class Pageable
{
    /// <summary>Makes one from a function that gives the page after a continuation token.</summary>
    public static AsyncPageable<T> Create<T>(Func<string?, CancellationToken, Task<Page<T>>> pageFunc)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(pageFunc);
        return new ByFunction<T>((token, _, cancellationToken) => pageFunc(token, cancellationToken));
    }

    /// <summary>Makes one from a function that gives the page after a continuation token, in the wanted size.</summary>
    public static AsyncPageable<T> Create<T>(Func<string?, int?, CancellationToken, Task<Page<T>>> pageFunc)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(pageFunc);
        return new ByFunction<T>(pageFunc);
    }

    private sealed class ByFunction<T>(Func<string?, int?, CancellationToken, Task<Page<T>>> next) : AsyncPageable<T>
        where T : notnull
    {
        public override IAsyncEnumerable<Page<T>> AsPages(string? continuationToken = null, int? pageSizeHint = null) =>
            Pages(continuationToken, pageSizeHint);

        private async IAsyncEnumerable<Page<T>> Pages(
            string? token,
            int? size,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            do
            {
                var page = await next(token, size, cancellationToken).ConfigureAwait(false);
                yield return page;
                token = page.ContinuationToken;
            }
            while (token is not null);
        }
    }
}
