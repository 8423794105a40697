using BuildingMgmt.LocalRuntime.Durable.Client;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.LocalRuntime.Durable.Workers;
using BuildingMgmt.LocalRuntime.Functions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Durable.Functions;

/// <summary>The app's hub in this process: its store, its worker and its client. Without durable functions it opens nothing.</summary>
internal sealed class DurableHub(
    DurableSettings settings,
    IConfiguration configuration,
    LoadedFunctions loaded,
    DurableFunctions functions,
    AppPayloads payloads,
    TimeProvider time,
    ILoggerFactory loggers) : ILocalWorker, IAsyncDisposable
{
    public const string ConnectionSetting = "DurablePostgres";

    /// <summary>Connections unless the connection string says otherwise: those of the worker's calls, and some for clients.</summary>
    private const int ConnectionsMax = 14;

    private readonly DurableMeter _meter = new();
    private readonly EndedInstances _ended = new();
    private readonly ILogger _logger = loggers.CreateLogger<DurableHub>();
    private NpgsqlDataSource? _database;
    private PostgresDurableStore? _store;
    private DurableWorker? _worker;
    private StoreDurableTaskClient? _client;

    /// <summary>The client that functions are given.</summary>
    public DurableTaskClient Client => _client
        ?? throw new InvalidOperationException("The hub of orchestrations is not ready: the host has not started yet, or could not.");

    long? ILocalWorker.Owner => _worker?.Owner;

    private bool RunsTasks => loaded.Of<OrchestrationTriggerAttribute>().Any() || loaded.Of<ActivityTriggerAttribute>().Any();

    void ILocalWorker.Wake() => _worker?.Wake();

    /// <exception cref="FunctionWorkerException">The hub's name or its connection string is missing or not usable.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!RunsTasks && !loaded.All.Any(DurableParameters.UsesClient))
            return;
        var hub = settings.ResolveHub(configuration);
        _store = await OpenAsync(ConnectionString(), hub, cancellationToken).ConfigureAwait(false);
        _client = new StoreDurableTaskClient(
            hub, _store, payloads.Converter, new CompletionWaits(_store, _ended, time, _logger), this, time);
        if (!RunsTasks)
            return;
        var worker = settings.Worker();
        PoolScheduler.MakeRoomFor(worker);
        _worker = new DurableWorker(
            new WorkerParts(
                _store, functions, payloads.Converter, worker, new PoolScheduler(), time, new Random(), loggers, _meter, _ended),
            new SerialContext());
        _worker.Start();
        _logger.DurableStarted(hub, worker.MaxConcurrentOrchestrators, worker.MaxConcurrentActivities);
    }

    /// <summary>Takes nothing new, waits for what runs, and gives up the rest.</summary>
    /// <param name="timeIsUp">Cancels activities that still run; they run again elsewhere.</param>
    public Task StopAsync(CancellationToken timeIsUp) => _worker?.StopAsync(timeIsUp) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
            await _store.DisposeAsync().ConfigureAwait(false);
        if (_database is not null)
            await _database.DisposeAsync().ConfigureAwait(false);
        _meter.Dispose();
    }

    private string ConnectionString()
    {
        var given = configuration[ConnectionSetting];
        if (string.IsNullOrEmpty(given))
        {
            throw new FunctionWorkerException(
                $"Setting \"{ConnectionSetting}\" is missing: the connection string of the PostgreSQL database in which the app's orchestrations live.");
        }

        try
        {
            var connection = new NpgsqlConnectionStringBuilder(given);
            if (!connection.ShouldSerialize("Maximum Pool Size"))
                connection.MaxPoolSize = ConnectionsMax;
            if (!connection.ShouldSerialize("Application Name"))
                connection.ApplicationName = "durable";
            return connection.ConnectionString;
        }
        catch (ArgumentException e)
        {
            // Not its text: it may hold a password.
            throw new FunctionWorkerException($"Setting \"{ConnectionSetting}\" is no connection string of PostgreSQL: {e.Message}");
        }
    }

    // A database that starts at the same time, or starts again, is waited for.
    private async Task<PostgresDurableStore> OpenAsync(string connectionString, string hub, CancellationToken cancellationToken)
    {
        var patience = TimeSpan.FromSeconds(30);
        var began = time.GetTimestamp();
        for (var pause = PollPause.Shortest; ; pause = PollPause.After(pause))
        {
            try
            {
                _database ??= await PostgresConnections.OpenAsync(connectionString, cancellationToken).ConfigureAwait(false);
                return await PostgresDurableStore.OpenAsync(_database, hub, _logger, cancellationToken).ConfigureAwait(false);
            }
            catch (NpgsqlException e) when (e.IsTransient && time.GetElapsedTime(began) < patience)
            {
                if (pause == PollPause.Shortest)
                    _logger.DurableStoreNotReady(e, ConnectionSetting);
                await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
            }
            catch (NpgsqlException e)
            {
                throw new FunctionWorkerException($"The database of setting \"{ConnectionSetting}\" cannot be used for orchestrations: {e.Message}", e);
            }
        }
    }
}

/// <summary>How the app's payloads become JSON, and back: by the JSON options that the app configures, as the real worker does.</summary>
internal sealed record AppPayloads(DataConverter Converter);
