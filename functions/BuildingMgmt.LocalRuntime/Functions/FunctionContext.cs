using System.Collections.Immutable;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>One run of a function: what it is, what it was given, and what middleware hangs on it.</summary>
public abstract class FunctionContext
{
    /// <summary>Unique for each run.</summary>
    public abstract string InvocationId { get; }

    /// <summary>The same in every run of one function.</summary>
    public abstract string FunctionId { get; }

    /// <summary>The distributed trace that the run belongs to.</summary>
    public abstract TraceContext TraceContext { get; }

    /// <summary>What the trigger told beside the input itself.</summary>
    public abstract BindingContext BindingContext { get; }

    /// <summary>Which run of a retry attribute this is.</summary>
    public abstract RetryContext RetryContext { get; }

    /// <summary>The scope that the function's class is made from.</summary>
    public abstract IServiceProvider InstanceServices { get; set; }

    /// <summary>The function.</summary>
    public abstract FunctionDefinition FunctionDefinition { get; }

    /// <summary>For middleware, to hand things on within one run.</summary>
    public abstract IDictionary<object, object> Items { get; set; }

    /// <summary>For middleware and runtime, by type, within one run.</summary>
    public abstract IInvocationFeatures Features { get; }

    /// <summary>Cancelled when the host goes down, and for HTTP when the caller has gone.</summary>
    public virtual CancellationToken CancellationToken { get; }
}

/// <summary>What a trigger told beside the input itself.</summary>
public abstract class BindingContext
{
    /// <summary>Route values of an HTTP request; partition and event properties of Event Hubs.</summary>
    public abstract IReadOnlyDictionary<string, object?> BindingData { get; }
}

/// <summary>The distributed trace that a run belongs to.</summary>
public abstract class TraceContext
{
    /// <summary>W3C <c>traceparent</c>; empty when there is no trace.</summary>
    public abstract string TraceParent { get; }

    /// <summary>W3C <c>tracestate</c>.</summary>
    public abstract string TraceState { get; }
}

/// <summary>Which run of a retry attribute this is.</summary>
public abstract class RetryContext
{
    /// <summary>0 in the first run.</summary>
    public abstract int RetryCount { get; }

    /// <summary>What the retry attribute allows; -1 means for ever.</summary>
    public abstract int MaxRetryCount { get; }
}

/// <summary>Things that live as long as one run, by type.</summary>
public interface IInvocationFeatures : IEnumerable<KeyValuePair<Type, object>>
{
    /// <summary>Keeps an instance under its type; the last one stays.</summary>
    void Set<T>(T instance);

    /// <summary>The instance kept under a type, or its default.</summary>
    T? Get<T>();
}

/// <summary>What a function is: name, place and bindings.</summary>
public abstract class FunctionDefinition
{
    /// <summary>Parameters in order.</summary>
    public abstract ImmutableArray<FunctionParameter> Parameters { get; }

    /// <summary>The assembly's file.</summary>
    public abstract string PathToAssembly { get; }

    /// <summary>Class and method, as <c>Namespace.Class.Method</c>.</summary>
    public abstract string EntryPoint { get; }

    /// <summary>The same in every run of one function.</summary>
    public abstract string Id { get; }

    /// <summary>The name in its attribute.</summary>
    public abstract string Name { get; }

    /// <summary>Trigger by parameter name.</summary>
    public abstract IImmutableDictionary<string, BindingMetadata> InputBindings { get; }

    /// <summary>Outputs by name.</summary>
    public abstract IImmutableDictionary<string, BindingMetadata> OutputBindings { get; }
}

/// <summary>One parameter of a function.</summary>
public class FunctionParameter
{
    /// <summary>A parameter without properties.</summary>
    public FunctionParameter(string name, Type type)
        : this(name, type, ImmutableDictionary<string, object>.Empty)
    {
    }

    /// <summary>A parameter with properties.</summary>
    public FunctionParameter(string name, Type type, IReadOnlyDictionary<string, object> properties)
    {
        Name = name;
        Type = type;
        Properties = properties;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its type.</summary>
    public Type Type { get; }

    /// <summary>The binding attribute stands under <c>bindingAttribute</c>.</summary>
    public IReadOnlyDictionary<string, object> Properties { get; }
}

/// <summary>What one parameter or return value is bound to.</summary>
public abstract class BindingMetadata
{
    /// <summary>Parameter name, or <c>$return</c>.</summary>
    public abstract string Name { get; }

    /// <summary>For instance <c>httpTrigger</c>.</summary>
    public abstract string Type { get; }

    /// <summary>Into or out of the function.</summary>
    public abstract BindingDirection Direction { get; }
}

/// <summary>Into or out of the function.</summary>
public enum BindingDirection
{
    /// <summary>Into the function.</summary>
    In,

    /// <summary>Out of the function.</summary>
    Out,
}

/// <summary>What a function returned, typed.</summary>
public abstract class InvocationResult<T>
{
    /// <summary>The value; middleware may replace it before it is used.</summary>
    public abstract T? Value { get; set; }
}

/// <summary>What a function returned.</summary>
public abstract class InvocationResult : InvocationResult<object>
{
}

/// <summary>The runtime could not do what the app asked for.</summary>
public class FunctionWorkerException : Exception
{
    /// <summary>With a message.</summary>
    public FunctionWorkerException(string? message)
        : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public FunctionWorkerException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>A parameter of a function could not be given its value.</summary>
public class FunctionInputConverterException : FunctionWorkerException
{
    /// <summary>With a message.</summary>
    public FunctionInputConverterException(string? message)
        : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public FunctionInputConverterException(string? message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
