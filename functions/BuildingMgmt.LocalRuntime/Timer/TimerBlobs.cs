using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.LocalRuntime.Timer;

/// <summary>
/// A timer's status and lock, with the names and form of the real host: container <c>azure-webjobs-hosts</c>,
/// <c>timers/&lt;host id&gt;/Host.Functions.&lt;function&gt;/status</c> (JSON) and <c>locks/&lt;host id&gt;/Host.Functions.&lt;function&gt;.Listener</c> (a leased blob).
/// </summary>
internal sealed class TimerBlobs(BlobContainerClient container, string hostId, string function)
{
    public const string ContainerName = "azure-webjobs-hosts";

    /// <summary>The shortest lease that storage knows, so that another process takes over soon after this one was killed.</summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(15);

    private readonly BlobClient _status = container.GetBlobClient($"timers/{hostId}/Host.Functions.{function}/status");
    private readonly BlobClient _lock = container.GetBlobClient($"locks/{hostId}/Host.Functions.{function}.Listener");

    /// <returns>Null when none was written yet, or what is there cannot be read.</returns>
    public async Task<ScheduleStatus?> ReadStatusAsync(CancellationToken cancellationToken)
    {
        try
        {
            var content = await _status.DownloadContentAsync(cancellationToken).ConfigureAwait(false);
            var status = JsonSerializer.Deserialize<ScheduleStatus>(content.Value.Content);
            return status is null ? null : new ScheduleStatus
            {
                Last = Utc(status.Last),
                Next = Utc(status.Next),
                LastUpdated = Utc(status.LastUpdated),
            };
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public Task WriteStatusAsync(ScheduleStatus status, CancellationToken cancellationToken) =>
        WriteAsync(_status, BinaryData.FromObjectAsJson(status), cancellationToken);

    /// <returns>The lease, or null while another process has it.</returns>
    public async Task<BlobLeaseClient?> TryLeaseAsync(CancellationToken cancellationToken)
    {
        var lease = _lock.GetBlobLeaseClient();
        for (var created = false; ; created = true)
        {
            try
            {
                await lease.AcquireAsync(LeaseTime, cancellationToken: cancellationToken).ConfigureAwait(false);
                return lease;
            }
            catch (RequestFailedException e) when (e.Status == 409)
            {
                return null;
            }
            catch (RequestFailedException e) when (e.Status == 404 && !created)
            {
                try
                {
                    await WriteAsync(_lock, new BinaryData([]), cancellationToken).ConfigureAwait(false);
                }
                catch (RequestFailedException taken) when (taken.Status is 409 or 412)
                {
                    return null; // Made and leased by another in between.
                }
            }
        }
    }

    private static DateTime Utc(DateTime time) => time.Kind switch
    {
        DateTimeKind.Local => time.ToUniversalTime(),
        _ => DateTime.SpecifyKind(time, DateTimeKind.Utc),
    };

    private async Task WriteAsync(BlobClient blob, BinaryData content, CancellationToken cancellationToken)
    {
        try
        {
            await blob.UploadAsync(content, overwrite: true, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            await blob.UploadAsync(content, overwrite: true, cancellationToken).ConfigureAwait(false);
        }
    }
}
