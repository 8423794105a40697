using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();

// From the outside in: what every answer has, then who may come in.
builder.UseMiddleware<RequestMiddleware>();
builder.UseMiddleware<AccessMiddleware>();
builder.Services.AddBuildingManagement();

await builder.Build().RunAsync();
