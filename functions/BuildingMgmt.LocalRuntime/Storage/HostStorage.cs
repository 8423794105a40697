using Azure.Core;
using Azure.Storage.Blobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;

namespace BuildingMgmt.LocalRuntime.Storage;

/// <summary>The blob account in which the host keeps checkpoints, ownership and timer states.</summary>
internal sealed class HostStorage(IConfiguration configuration)
{
    public const string SettingName = "AzureWebJobsStorage";

    private BlobServiceClient? _service;

    /// <exception cref="FunctionWorkerException">The setting is missing or cannot be read.</exception>
    public BlobContainerClient Container(string name) => (_service ??= Connect()).GetBlobContainerClient(name);

    private BlobServiceClient Connect()
    {
        var connectionString = configuration[SettingName];
        if (string.IsNullOrEmpty(connectionString))
        {
            throw new FunctionWorkerException(
                $"Setting \"{SettingName}\" is missing: timer and Event Hubs triggers keep their state in that storage account.");
        }

        try
        {
            // Quick to give up: every caller comes again by itself, and none may wait long for storage that is away.
            // The service version is old enough for any Azurite in use, and has all that is needed here.
            var options = new BlobClientOptions(BlobClientOptions.ServiceVersion.V2025_01_05)
            {
                Retry = { MaxRetries = 1, Delay = TimeSpan.FromMilliseconds(200), NetworkTimeout = TimeSpan.FromSeconds(5) },
            };
            options.Diagnostics.IsDistributedTracingEnabled = false;
            return new BlobServiceClient(connectionString, options);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new FunctionWorkerException($"Setting \"{SettingName}\" is no storage connection string: {e.Message}", e);
        }
    }
}
