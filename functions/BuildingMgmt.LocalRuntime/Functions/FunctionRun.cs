using System.Collections;
using System.Diagnostics;
using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.LocalRuntime.Functions;

/// <summary>One run of a function. What few functions look at is made when it is asked for.</summary>
internal sealed class FunctionRun : FunctionContext, IInvocationFeatures
{
    /// <summary>Key of the request in <see cref="FunctionContext.Items"/>, as the real extension has it.</summary>
    public const string HttpContextKey = "HttpRequestContext";

    private readonly LoadedFunction _function;
    private readonly CancellationToken _stopping;
    private readonly HostTimes? _httpTimes;
    private readonly long _httpBegan;
    private CancellationTokenSource? _httpTimeout;
    private CancellationTokenSource? _httpCancellation;
    private readonly string? _traceParent;
    private string? _invocationId;
    private IServiceProvider? _services;
    private IDictionary<object, object>? _items;
    private Dictionary<Type, object>? _features;
    private RunTrace? _trace;
    private BindingContext? _bindingContext;

    /// <summary>A run of any trigger but HTTP.</summary>
    public FunctionRun(
        LoadedFunction function,
        IServiceProvider services,
        object? input,
        BindingContext bindingContext,
        RunRetry retry,
        CancellationToken cancellationToken,
        string? traceParent = null)
    {
        _traceParent = traceParent;
        _function = function;
        _services = services;
        _bindingContext = bindingContext;
        Input = input;
        Retry = retry;
        _stopping = cancellationToken;
        Result = new RunResult();
    }

    /// <summary>A run for an HTTP request.</summary>
    public FunctionRun(LoadedFunction function, HttpContext httpContext, HostTimes times)
    {
        _function = function;
        HttpContext = httpContext;
        Retry = RunRetry.None;
        _stopping = times.HttpStopping;
        _httpTimes = times;
        _httpBegan = times.Timestamp;
        Result = new RunResult();
    }

    public HttpContext? HttpContext { get; }

    /// <summary>What the trigger hands over, for instance events or a timer's state; null for HTTP.</summary>
    public object? Input { get; set; }

    /// <summary>What stands at the pipeline's end in place of the function; null: the function itself.</summary>
    public Action? Inner { get; init; }

    public RunRetry Retry { get; }

    public RunResult Result { get; }

    public LoadedFunction Function => _function;

    public override string InvocationId => _invocationId ??= Guid.NewGuid().ToString();

    public override string FunctionId => _function.Definition.Id;

    public override TraceContext TraceContext => _trace ??= new RunTrace(Activity.Current, _traceParent);

    public override BindingContext BindingContext => _bindingContext ??= new HttpBindingContext(HttpContext!);

    public override RetryContext RetryContext => Retry;

    public override IServiceProvider InstanceServices
    {
        get => _services ??= HttpContext!.RequestServices;
        set => _services = value;
    }

    public override FunctionDefinition FunctionDefinition => _function.Definition;

    public override IDictionary<object, object> Items
    {
        get => _items ??= NewItems();
        set => _items = value;
    }

    public override IInvocationFeatures Features => this;

    public override CancellationToken CancellationToken =>
        HttpContext is null ? _stopping : (_httpCancellation ??= LinkHttpCancellation(HttpContext)).Token;

    /// <summary>Gives back what the run held on to. Call once the answer is written.</summary>
    public void End()
    {
        _httpCancellation?.Dispose();
        _httpTimeout?.Dispose();
    }

    void IInvocationFeatures.Set<T>(T instance) => (_features ??= [])[typeof(T)] = instance!;

    T? IInvocationFeatures.Get<T>()
        where T : default =>
        _features is not null && _features.TryGetValue(typeof(T), out var feature) ? (T)feature : default;

    IEnumerator<KeyValuePair<Type, object>> IEnumerable<KeyValuePair<Type, object>>.GetEnumerator() =>
        (_features ??= []).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => (_features ??= []).GetEnumerator();

    private CancellationTokenSource LinkHttpCancellation(HttpContext httpContext)
    {
        _httpTimeout = _httpTimes?.StartTimeout(_httpBegan);
        return CancellationTokenSource.CreateLinkedTokenSource(
            httpContext.RequestAborted, _stopping, _httpTimeout?.Token ?? CancellationToken.None);
    }

    private Dictionary<object, object> NewItems() =>
        HttpContext is null ? [] : new() { [HttpContextKey] = HttpContext };
}

/// <summary>What a run returned.</summary>
internal sealed class RunResult : InvocationResult
{
    public override object? Value { get; set; }
}

/// <summary>Which try this is.</summary>
internal sealed class RunRetry(int retryCount, int maxRetryCount) : RetryContext
{
    public static readonly RunRetry None = new(0, 0);

    public override int RetryCount => retryCount;

    public override int MaxRetryCount => maxRetryCount;
}

/// <summary>The trace that was current when it was asked for, or else the one that the trigger brought.</summary>
internal sealed class RunTrace(Activity? activity, string? brought) : TraceContext
{
    public override string TraceParent => activity?.Id ?? TraceText.Read(brought).Parent ?? "";

    public override string TraceState => (activity is null ? TraceText.Read(brought).State : activity.TraceStateString) ?? "";
}

/// <summary>Binding data that a trigger made beforehand.</summary>
internal sealed class RunBindingContext(IReadOnlyDictionary<string, object?> data) : BindingContext
{
    public override IReadOnlyDictionary<string, object?> BindingData => data;
}

/// <summary>Route values, then query values, as the real host hands them to the worker: all as text.</summary>
internal sealed class HttpBindingContext(HttpContext httpContext) : BindingContext
{
    private Dictionary<string, object?>? _data;

    public override IReadOnlyDictionary<string, object?> BindingData => _data ??= Read();

    private Dictionary<string, object?> Read()
    {
        var data = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in httpContext.Request.Query)
            data[name] = values.ToString();
        foreach (var (name, value) in httpContext.Request.RouteValues)
            data[name] = value;
        return data;
    }
}
