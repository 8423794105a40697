using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;

namespace BuildingMgmt.LocalRuntime.Tests.Storage;

/// <summary>Stands between a client and real storage, and holds up what is written to some of the blobs while it is shut.</summary>
/// <param name="pathPart">Part of the addresses of these blobs.</param>
internal sealed class StorageGate(string pathPart) : HttpPipelinePolicy
{
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _open = Opened();
    private int _writes;

    /// <summary>Completed when the first write waits before the gate.</summary>
    public Task Held => _held.Task;

    /// <summary>Completed when the first write that waited has been given up, or answered by storage.</summary>
    public Task Settled => _settled.Task;

    /// <summary>Whether a write has not been answered yet.</summary>
    public bool IsBusy => Volatile.Read(ref _writes) > 0;

    public BlobContainerClient Container(string connectionString, string name)
    {
        var options = new BlobClientOptions(BlobClientOptions.ServiceVersion.V2025_01_05);
        options.AddPolicy(this, HttpPipelinePosition.PerCall);
        return new BlobServiceClient(connectionString, options).GetBlobContainerClient(name);
    }

    /// <returns>Opens it.</returns>
    public IDisposable Shut()
    {
        _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return new Bolt(_open);
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException();

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        if (message.Request.Method != RequestMethod.Put || !message.Request.Uri.ToUri().AbsolutePath.Contains(pathPart, StringComparison.Ordinal))
        {
            await ProcessNextAsync(message, pipeline);
            return;
        }

        Interlocked.Increment(ref _writes);
        var open = _open.Task;
        try
        {
            if (!open.IsCompleted)
                _held.TrySetResult();
            await open.WaitAsync(message.CancellationToken);
            await ProcessNextAsync(message, pipeline);
        }
        finally
        {
            Interlocked.Decrement(ref _writes);
            if (_held.Task.IsCompleted)
                _settled.TrySetResult();
        }
    }

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }

    private sealed class Bolt(TaskCompletionSource open) : IDisposable
    {
        public void Dispose() => open.TrySetResult();
    }
}
