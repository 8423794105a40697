using BuildingMgmt.Functions;
using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();

// From the outside in: what every answer has, then who may come in.
builder.UseMiddleware<RequestMiddleware>();
builder.UseMiddleware<AccessMiddleware>();
builder.Services.AddBuildingManagement();

try
{
    using var host = builder.Build();
    // The host validates as well, but first it makes its background services, and the first of them with a bad setting would hide the rest.
    host.Services.GetRequiredService<IStartupValidator>().Validate();
    // Made before the first request, so that a function without an access rule stops the start.
    _ = host.Services.GetRequiredService<HttpFunctions>();
    await host.RunAsync();
    return 0;
}
catch (Exception e) when (Settings.WhatIsWrong(e) is { Count: > 0 } mistakes)
{
    // Mistakes of the one who starts the app: they are told as what to change, without a stack trace.
    foreach (var mistake in mistakes)
        await Console.Error.WriteLineAsync(mistake);
    return 1;
}
