using System.Net.Sockets;
using BuildingMgmt.LocalRuntime.Durable.Client;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.LocalRuntime.Durable.Workers;
using BuildingMgmt.LocalRuntime.Functions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Durable.Functions;

/// <summary>
/// The app's hub in this process: its store, its worker and its client. Without durable functions it opens nothing. A database that is away does
/// not keep the app from starting: its worker begins when the database is there, and until then clients are told.
/// </summary>
internal sealed class DurableHub(
    DurableSettings settings,
    IOptions<DurableConnection> connection,
    IConfiguration configuration,
    LoadedFunctions loaded,
    DurableFunctions functions,
    AppPayloads payloads,
    TimeProvider time,
    ILoggerFactory loggers) : ILocalWorker, IAsyncDisposable
{
    private readonly DurableMeter _meter = new();
    private readonly EndedInstances _ended = new();
    private readonly ILogger _logger = loggers.CreateLogger<DurableHub>();
    private readonly CancellationTokenSource _stopping = new();
    private Task _opening = Task.CompletedTask;
    private HubStore? _store;
    private DurableWorker? _worker;
    private StoreDurableTaskClient? _client;

    /// <summary>The client that functions are given.</summary>
    public DurableTaskClient Client => _client
        ?? throw new InvalidOperationException("The hub of orchestrations is not ready: the host has not started yet.");

    long? ILocalWorker.Owner => Volatile.Read(ref _worker)?.Owner;

    void ILocalWorker.Wake() => Volatile.Read(ref _worker)?.Wake();

    /// <summary>Whether the app has anything to do with orchestrations.</summary>
    public static bool IsUsedBy(LoadedFunctions functions) => RunsTasks(functions) || functions.All.Any(DurableParameters.UsesClient);

    /// <exception cref="FunctionWorkerException">The hub's name is not usable, or the database refuses its work.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!IsUsedBy(loaded))
            return;
        var hub = settings.ResolveHub(configuration);
        _store = new HubStore(connection.Value.Complete(), hub, time, _logger);
        _client = new StoreDurableTaskClient(
            hub, _store.GetAsync, payloads.Converter, new CompletionWaits(_store.GetAsync, _ended, time, _logger), this, time);
        try
        {
            Begin(hub, await _store.GetAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is NpgsqlException { IsTransient: true } or SocketException or TimeoutException)
        {
            _logger.DurableStoreNotReady(e, DurableConnection.Setting);
            _opening = BeginLaterAsync(hub, _store, e.Message);
        }
        catch (NpgsqlException e)
        {
            throw new FunctionWorkerException(
                $"The database of setting \"{DurableConnection.Setting}\" cannot be used for orchestrations: {e.Message}", e);
        }
    }

    /// <summary>Takes nothing new, waits for what runs, and gives up the rest.</summary>
    /// <param name="timeIsUp">Cancels activities that still run; they run again elsewhere.</param>
    public async Task StopAsync(CancellationToken timeIsUp)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _opening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_worker is not null)
            await _worker.StopAsync(timeIsUp).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
            await _store.DisposeAsync().ConfigureAwait(false);
        _meter.Dispose();
    }

    private static bool RunsTasks(LoadedFunctions functions) =>
        functions.Of<OrchestrationTriggerAttribute>().Any() || functions.Of<ActivityTriggerAttribute>().Any();

    private void Begin(string hub, IDurableStore store)
    {
        if (!RunsTasks(loaded))
            return;
        var limits = settings.Worker();
        PoolScheduler.MakeRoomFor(limits);
        var worker = new DurableWorker(
            new WorkerParts(
                store, functions, payloads.Converter, limits, new PoolScheduler(), time, new Random(), loggers, _meter, _ended),
            new SerialContext());
        worker.Start();
        Volatile.Write(ref _worker, worker);
        _logger.DurableStarted(hub, limits.MaxConcurrentOrchestrators, limits.MaxConcurrentActivities);
    }

    // The app runs by now: whatever keeps the database from being used, until an operator helps it is tried again.
    private async Task BeginLaterAsync(string hub, HubStore store, string told)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1), Random.Shared);
        while (true)
        {
            await Task.Delay(backoff.Next(), time, _stopping.Token).ConfigureAwait(false);
            try
            {
                Begin(hub, await store.GetAsync(_stopping.Token).ConfigureAwait(false));
                _logger.DurableStoreReady(DurableConnection.Setting);
                return;
            }
            catch (Exception e) when (!_stopping.IsCancellationRequested)
            {
                if (told != e.Message)
                    _logger.DurableStoreNotReady(e, DurableConnection.Setting);
                told = e.Message;
            }
        }
    }
}

/// <summary>How the app's payloads become JSON, and back: by the JSON options that the app configures, as the real worker does.</summary>
internal sealed record AppPayloads(DataConverter Converter);
