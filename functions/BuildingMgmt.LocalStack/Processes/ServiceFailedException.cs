namespace BuildingMgmt.LocalStack.Processes;

/// <summary>A service could not be started or kept. The message is for the user: what happened, to what, what to do.</summary>
public sealed class ServiceFailedException : Exception
{
    public ServiceFailedException(string message)
        : base(message)
    {
    }

    public ServiceFailedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
