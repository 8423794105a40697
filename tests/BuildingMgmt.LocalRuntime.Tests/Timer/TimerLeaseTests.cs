using BuildingMgmt.LocalRuntime.Tests.Storage;
using BuildingMgmt.LocalRuntime.Timer;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.LocalRuntime.Tests.Timer;

public sealed class TimerLeaseTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly FakeTimeProvider _time = new();
    private readonly StorageGate _storage = new("/locks/");
    private readonly TimerBlobs _blobs;

    public TimerLeaseTests(AzuriteFixture azurite) => _blobs = new TimerBlobs(
        _storage.Container(azurite.ConnectionString, TimerBlobs.ContainerName), $"lease-{Guid.NewGuid():N}", "Timer");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lease_is_lost_when_it_may_have_ended_although_storage_has_not_answered()
    {
        await using var lease = await LeaseAsync();
        using var shut = _storage.Shut();
        _time.Advance(TimeSpan.FromSeconds(4));
        await _storage.Held.WaitAsync(Deadline, Token);

        _time.Advance(TimerBlobs.LeaseTime - TimeSpan.FromSeconds(5));
        Assert.False(lease.Lost.IsCancellationRequested);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(lease.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task Lease_that_is_renewed_outlasts_its_first_term()
    {
        await using var lease = await LeaseAsync();
        await Eventually.TrueAsync(
            () =>
            {
                // The clock waits for storage, which is real.
                if (!_storage.IsBusy)
                    _time.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(_time.GetUtcNow() >= _time.Start + (2 * TimerBlobs.LeaseTime));
            },
            Deadline, "two terms are over", Token);

        Assert.False(lease.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task Lease_that_came_too_late_is_none()
    {
        var asked = _time.GetTimestamp();
        var client = await _blobs.TryLeaseAsync(Token);
        _time.Advance(TimerBlobs.LeaseTime);

        await using var lease = new TimerLease(client!, asked, _time);
        Assert.True(lease.Lost.IsCancellationRequested);
    }

    private async Task<TimerLease> LeaseAsync()
    {
        var asked = _time.GetTimestamp();
        return new TimerLease((await _blobs.TryLeaseAsync(Token))!, asked, _time);
    }
}
