using BuildingMgmt.LocalStack.Processes;

namespace BuildingMgmt.LocalStack.Running;

/// <summary>One service of the stack: how it starts (again), and the process that it is now.</summary>
internal sealed class SupervisedService(string name, StopTurn stopTurn, Func<CancellationToken, Task<ServiceProcess>> start)
{
    private volatile ServiceProcess? process;

    public string Name => name;

    public StopTurn StopTurn => stopTurn;

    /// <summary>True for what comes to an end by itself, as a replay does.</summary>
    public bool MayEnd { get; init; }

    public ServiceProcess Process => process ?? throw new InvalidOperationException($"\"{name}\" is not started.");

    public async Task StartAsync(CancellationToken cancellationToken) => process = await start(cancellationToken);
}

/// <summary>Who goes first when the stack goes down.</summary>
internal enum StopTurn
{
    /// <summary>What works on the stores: gateways and the app.</summary>
    Workers,

    /// <summary>The stores, once nobody writes to them any more.</summary>
    Stores,
}
