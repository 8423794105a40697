using Azure;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.LatestValues;

/// <summary>
/// The table store: one entity for each floor. Partition key is the floor's id, row key <c>latest</c>; <c>Format</c> is 1, and the
/// binary properties <c>P0</c> to <c>P14</c> are the blocks of <see cref="FloorLatestValues"/>.
/// </summary>
public sealed class LatestValueTable
{
    private const string RowKey = "latest";
    private const string FormatProperty = "Format";
    private const int Format = 1;

    private readonly TableClient table;

    /// <summary>Makes the client; connects to nothing yet.</summary>
    public LatestValueTable(IOptions<LatestValueOptions> options)
    {
        var clientOptions = new TableClientOptions
        {
            Retry =
            {
                Mode = RetryMode.Fixed,
                MaxRetries = 1,
                Delay = TimeSpan.FromMilliseconds(200),
                NetworkTimeout = TimeSpan.FromSeconds(options.Value.TimeoutSeconds),
            },
        };
        table = new TableClient(options.Value.ConnectionString, options.Value.TableName, clientOptions);
    }

    /// <summary>Reads a floor by its key.</summary>
    /// <returns>Null when the entity or the whole table is missing.</returns>
    /// <exception cref="RequestFailedException">The table store is away.</exception>
    internal async Task<StoredFloor?> ReadAsync(Guid floorId, CancellationToken cancellationToken)
    {
        try
        {
            var response = await table.GetEntityIfExistsAsync<TableEntity>(Key(floorId), RowKey, null, cancellationToken);
            return response.HasValue ? new StoredFloor(Unpack(response.Value!), response.Value!.ETag) : null;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Writes a floor on condition that it still is as it was read.</summary>
    /// <param name="condition">The entity's tag when it was read or written last; null when there was none.</param>
    /// <returns>The new tag, or null when the entity is another by now, or there is (or is not) one against expectation.</returns>
    /// <exception cref="RequestFailedException">The table store is away.</exception>
    internal async Task<ETag?> TryWriteAsync(
        Guid floorId, FloorLatestValues values, ETag? condition, CancellationToken cancellationToken)
    {
        var entity = Pack(floorId, values);
        try
        {
            var response = condition is { } tag
                ? await table.UpdateEntityAsync(entity, tag, TableUpdateMode.Replace, cancellationToken)
                : await table.AddEntityAsync(entity, cancellationToken);
            return response.Headers.ETag;
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 409 or 412)
        {
            // The whole table may be gone, with the storage it was in. A 409 can also say that it is being deleted:
            // then this throws, and the caller's retry comes back.
            if (exception.ErrorCode == TableErrorCode.TableNotFound)
                await table.CreateIfNotExistsAsync(cancellationToken);
            return null;
        }
    }

    private static string Key(Guid floorId) => floorId.ToString("D");

    private static TableEntity Pack(Guid floorId, FloorLatestValues values)
    {
        var entity = new TableEntity(Key(floorId), RowKey) { [FormatProperty] = Format };
        for (var block = 0; block < values.Blocks.Length; block++)
            entity[$"P{block}"] = values.Blocks[block];
        return entity;
    }

    // What cannot be read is as good as missing: it is rebuilt from PostgreSQL and replaced.
    private static FloorLatestValues? Unpack(TableEntity entity)
    {
        if (!entity.TryGetValue(FormatProperty, out var format) || format is not Format)
            return null;
        var blocks = new List<byte[]>();
        while (blocks.Count < FloorLatestValues.BlocksMax && entity.TryGetValue($"P{blocks.Count}", out var block) && block is byte[] bytes)
            blocks.Add(bytes);
        return FloorLatestValues.TryUnpack([.. blocks]);
    }

    /// <summary>A floor's entity.</summary>
    /// <param name="Values">Null when the entity cannot be read.</param>
    internal sealed record StoredFloor(FloorLatestValues? Values, ETag Tag);
}
