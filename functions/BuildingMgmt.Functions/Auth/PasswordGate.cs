using BuildingMgmt.Database;
using BuildingMgmt.Functions.Api;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.Auth;

/// <summary>
/// Verifies passwords, few at once: each takes 19 MiB and tens of milliseconds of a processor, so a flood of sign-ins must wait
/// or be sent away, and never slow down the rest.
/// </summary>
public sealed class PasswordGate : IDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    // Verified for names that do not exist, so that they take as long as those that do.
    private readonly string decoy = PasswordHash.Create(GatewaySecret.Create());
    private readonly SemaphoreSlim turns;
    private readonly int insideMax;
    private int inside;

    /// <summary>Prepares the decoy hash.</summary>
    public PasswordGate(IOptions<AuthOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        turns = new SemaphoreSlim(options.Value.PasswordChecksAtOnce);
        insideMax = options.Value.PasswordChecksAtOnce + options.Value.PasswordChecksWaitingMax;
    }

    /// <summary>Whether the password is right. Without a hash it takes the same time and is wrong.</summary>
    /// <exception cref="ProblemException">503: too many wait already.</exception>
    public async Task<bool> VerifyAsync(string password, string? hash, CancellationToken cancellationToken)
    {
        try
        {
            if (Interlocked.Increment(ref inside) > insideMax)
                throw new ProblemException(Problem.Unavailable("Too many sign-ins are waiting.", RetryAfter));
            await turns.WaitAsync(cancellationToken);
            try
            {
                var right = await Task.Run(() => PasswordHash.Verify(password, hash ?? decoy), cancellationToken);
                return right && hash is not null;
            }
            finally
            {
                turns.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref inside);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => turns.Dispose();
}
