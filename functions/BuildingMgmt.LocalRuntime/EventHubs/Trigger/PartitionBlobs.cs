using System.Globalization;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>Who reads a partition, as the ownership blob says.</summary>
/// <param name="Owner">Empty when it was given up.</param>
internal sealed record Ownership(string Partition, string Owner, DateTimeOffset LastModified, ETag Version);

/// <summary>How far a partition was worked off.</summary>
internal sealed record Checkpoint(string? Offset, long? SequenceNumber);

/// <summary>
/// Ownership and checkpoint blobs with the names and metadata of the real extension, so that both understand each other's:
/// <c>&lt;namespace&gt;/&lt;hub&gt;/&lt;group&gt;/ownership/&lt;partition&gt;</c> and <c>…/checkpoint/&lt;partition&gt;</c>, lower case, empty, all in metadata.
/// A container or blob that is gone is made again.
/// </summary>
internal sealed class PartitionBlobs
{
    public const string ContainerName = "azure-webjobs-eventhub";

    private const string OwnerKey = "ownerid";
    private const string OffsetKey = "offset";
    private const string SequenceNumberKey = "sequencenumber";
    private const string ClientKey = "clientidentifier";
    private const string NoOffset = "no offset";

    private readonly BlobContainerClient _container;
    private readonly string _ownershipPrefix;
    private readonly string _checkpointPrefix;

    public PartitionBlobs(BlobContainerClient container, string fullyQualifiedNamespace, string hub, string consumerGroup)
    {
        _container = container;
        var prefix = $"{fullyQualifiedNamespace}/{hub}/{consumerGroup}".ToLowerInvariant();
        _ownershipPrefix = $"{prefix}/ownership/";
        _checkpointPrefix = $"{prefix}/checkpoint/";
    }

    public async Task<IReadOnlyList<Ownership>> ListOwnershipAsync(CancellationToken cancellationToken)
    {
        var all = new List<Ownership>();
        try
        {
            var blobs = _container.GetBlobsAsync(
                new GetBlobsOptions { Traits = BlobTraits.Metadata, Prefix = _ownershipPrefix }, cancellationToken);
            await foreach (var blob in blobs.ConfigureAwait(false))
            {
                all.Add(new Ownership(
                    blob.Name[_ownershipPrefix.Length..],
                    Metadata(blob.Metadata, OwnerKey) ?? "",
                    blob.Properties.LastModified ?? default,
                    blob.Properties.ETag ?? default));
            }
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            // Nobody has claimed anything yet, or the container was lost: the first claim makes it.
            return [];
        }

        return all;
    }

    /// <summary>Writes the owner, unless the blob changed since it was read.</summary>
    /// <param name="known">As it was read; null when there was none.</param>
    /// <returns>As it is now; null when another was quicker.</returns>
    public async Task<Ownership?> ClaimAsync(string partition, string owner, Ownership? known, CancellationToken cancellationToken)
    {
        var blob = _container.GetBlobClient(_ownershipPrefix + partition);
        var metadata = new Dictionary<string, string> { [OwnerKey] = owner };
        try
        {
            if (known is not null)
            {
                try
                {
                    var updated = await blob.SetMetadataAsync(
                        metadata, new BlobRequestConditions { IfMatch = known.Version }, cancellationToken).ConfigureAwait(false);
                    return new Ownership(partition, owner, updated.Value.LastModified, updated.Value.ETag);
                }
                catch (RequestFailedException e) when (IsGone(e))
                {
                    // Made again below.
                }
            }

            var created = await UploadAsync(blob, metadata, new BlobRequestConditions { IfNoneMatch = ETag.All }, cancellationToken)
                .ConfigureAwait(false);
            return new Ownership(partition, owner, created.LastModified, created.ETag);
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            return null;
        }
    }

    public async Task<Checkpoint?> ReadCheckpointAsync(string partition, CancellationToken cancellationToken)
    {
        try
        {
            var properties = await _container.GetBlobClient(_checkpointPrefix + partition)
                .GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            var offset = Metadata(properties.Value.Metadata, OffsetKey);
            var hasNumber = long.TryParse(
                Metadata(properties.Value.Metadata, SequenceNumberKey), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
            return new Checkpoint(
                string.IsNullOrEmpty(offset) || offset == NoOffset ? null : offset,
                hasNumber && number != long.MinValue ? number : null);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    public async Task WriteCheckpointAsync(
        string partition, string? offset, long sequenceNumber, string client, CancellationToken cancellationToken)
    {
        var blob = _container.GetBlobClient(_checkpointPrefix + partition);
        var metadata = new Dictionary<string, string>
        {
            [OffsetKey] = offset ?? NoOffset,
            [SequenceNumberKey] = sequenceNumber.ToString(CultureInfo.InvariantCulture),
            [ClientKey] = client,
        };
        try
        {
            await blob.SetMetadataAsync(metadata, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException e) when (IsGone(e))
        {
            await UploadAsync(blob, metadata, conditions: null, cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool IsGone(RequestFailedException e) =>
        e.ErrorCode == BlobErrorCode.BlobNotFound || e.ErrorCode == BlobErrorCode.ContainerNotFound;

    // Metadata names keep no case in storage.
    private static string? Metadata(IDictionary<string, string>? metadata, string name) =>
        metadata?.FirstOrDefault(pair => string.Equals(pair.Key, name, StringComparison.OrdinalIgnoreCase)).Value;

    private async Task<BlobContentInfo> UploadAsync(
        BlobClient blob, Dictionary<string, string> metadata, BlobRequestConditions? conditions, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions { Metadata = metadata, Conditions = conditions };
        try
        {
            return await blob.UploadAsync(new BinaryData([]), options, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            await _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            return await blob.UploadAsync(new BinaryData([]), options, cancellationToken).ConfigureAwait(false);
        }
    }
}
