using BuildingMgmt.DurableApp;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

// A function app with orchestrations as users write them, for tests and benchmarks that need processes to kill and to share work.
var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.Services
    .AddSingleton(services => NpgsqlDataSource.Create(services.GetRequiredService<IConfiguration>()["Effects"]!))
    .AddSingleton<EffectLog>();
builder.Build().Run();
