namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>Where a function app starts.</summary>
public class FunctionsApplication
{
    /// <summary>A builder with configuration from <c>local.settings.json</c>, environment and command line, in rising order.</summary>
    /// <exception cref="FunctionWorkerException">host.json or local.settings.json cannot be read.</exception>
    public static FunctionsApplicationBuilder CreateBuilder(string[] args) => new(args);
}
