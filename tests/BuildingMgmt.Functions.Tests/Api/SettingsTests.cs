using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using BuildingMgmt.Functions.Dashboards;
using BuildingMgmt.Functions.DeadLetters;
using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Functions.LatestValues;
using BuildingMgmt.Functions.Orchestrations;
using BuildingMgmt.Functions.Postgres;
using BuildingMgmt.Functions.RollUps;
using BuildingMgmt.Functions.SensorData;
using BuildingMgmt.LocalStack.Setup;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.Tests.Api;

public sealed class SettingsTests
{
    // By hand: each options class and its section.
    private static readonly (Type Options, string Section)[] Sections =
    [
        (typeof(ApiOptions), "Api"),
        (typeof(AuthOptions), "Auth"),
        (typeof(DashboardsOptions), "Dashboards"),
        (typeof(DeadLetterOptions), "DeadLetters"),
        (typeof(IngestOptions), "Ingest"),
        (typeof(LatestValueOptions), "LatestValues"),
        (typeof(OrchestrationOptions), "Orchestrations"),
        (typeof(PostgresOptions), "Postgres"),
        (typeof(RateLimitOptions), "RateLimits"),
        (typeof(RollUpsOptions), "RollUps"),
        (typeof(SensorDataOptions), "SensorData"),
    ];

    // The host's and the bindings' own.
    private static readonly string[] OtherSettings =
        ["AzureWebJobsDisableHomepage", "AzureWebJobsStorage", "DurablePostgres", "EventHubs", "FUNCTIONS_WORKER_RUNTIME"];

    [Fact]
    public void Sample_holds_every_setting_and_no_other()
    {
        var expected = Sections
            .SelectMany(s => Settings(s.Options).Select(property => $"{s.Section}__{property.Name}"))
            .Concat(OtherSettings);
        Assert.Equal(expected.Order(StringComparer.Ordinal), Sample().Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Sample_shows_the_default_of_every_setting_that_has_one()
    {
        var sample = Sample();
        foreach (var (type, section) in Sections)
        {
            var defaults = Activator.CreateInstance(type);
            foreach (var property in Settings(type))
            {
                var value = property.GetValue(defaults) is DateTimeOffset moment
                    ? moment.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)
                    : Convert.ToString(property.GetValue(defaults), CultureInfo.InvariantCulture);
                var shown = sample[$"{section}__{property.Name}"];
                Assert.True(
                    (value == "" && shown.Contains('<', StringComparison.Ordinal)) || string.Equals(shown, value, StringComparison.OrdinalIgnoreCase),
                    $"{section}__{property.Name} is \"{shown}\" in the sample; its default is \"{value}\".");
            }
        }
    }

    [Fact]
    public void Every_options_class_of_the_app_is_in_the_sample()
    {
        var all = typeof(AuthOptions).Assembly.GetTypes().Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal));
        Assert.Equal(
            all.Select(type => type.Name).Order(StringComparer.Ordinal),
            Sections.Select(s => s.Options.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Bad_settings_stop_the_start_and_are_all_named()
    {
        var start = new ProcessStartInfo("dotnet", [Repository.Output("BuildingMgmt.Functions")])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetDirectoryName(Repository.Output("BuildingMgmt.Functions")),
        };
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        start.Environment["AzureWebJobsStorage"] = "UseDevelopmentStorage=true";
        start.Environment["EventHubs"] = "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=key;SharedAccessKey=AAAA;UseDevelopmentEmulator=true;";
        start.Environment["Postgres__WritePoolSize"] = "0";
        start.Environment["Orchestrations__KeepDays"] = "0";
        start.Environment["RateLimits__RequestsPerCallerPerMinute"] = "-1";
        start.Environment["Api__AllowedOrigins"] = "https://good.example, *";
        start.Environment["Auth__SigningKey"] = "-----BEGIN EC PRIVATE KEY-----\nbm9uZQ==\n-----END EC PRIVATE KEY-----";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await output;

        Assert.Equal(1, process.ExitCode);
        Assert.Contains("Postgres__ConnectionString", error, StringComparison.Ordinal);
        Assert.Contains("Postgres__WritePoolSize", error, StringComparison.Ordinal);
        Assert.Contains("Auth__SigningKey", error, StringComparison.Ordinal);
        Assert.Contains("Orchestrations__KeepDays", error, StringComparison.Ordinal);
        Assert.Contains("RateLimits__RequestsPerCallerPerMinute", error, StringComparison.Ordinal);
        Assert.Contains("Api__AllowedOrigins: \"*\" is no origin", error, StringComparison.Ordinal);
        Assert.Contains("DurablePostgres", error, StringComparison.Ordinal);
        Assert.DoesNotContain("bm9uZQ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("24", "30", true)]
    [InlineData("25", "30", false)]
    [InlineData("25", "31", true)]
    public void Wait_for_a_frozen_instance_must_end_before_the_statement_does_or_both_settings_are_named(string frozenAfter, string writeTimeout, bool isGood)
    {
        using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Postgres:ConnectionString"] = "Host=127.0.0.1",
                ["Postgres:WriteTimeoutSeconds"] = writeTimeout,
                ["Ingest:FrozenAfterSeconds"] = frozenAfter,
            }).Build())
            .AddPostgres().AddIngest()
            .BuildServiceProvider();
        var wrong = Record.Exception(services.GetRequiredService<IStartupValidator>().Validate) is { } exception
            ? BuildingMgmt.Functions.Settings.WhatIsWrong(exception)
            : [];
        Assert.Equal(isGood, wrong.Count == 0);
        Assert.All(wrong, text =>
        {
            Assert.Contains("Ingest__FrozenAfterSeconds", text, StringComparison.Ordinal);
            Assert.Contains("Postgres__WriteTimeoutSeconds", text, StringComparison.Ordinal);
        });
    }

    private static PropertyInfo[] Settings(Type options) => options.GetProperties(BindingFlags.Public | BindingFlags.Instance);

    private static Dictionary<string, string> Sample()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "local.settings.sample.json")));
        return document.RootElement.GetProperty("Values").EnumerateObject().ToDictionary(v => v.Name, v => v.Value.GetString()!);
    }
}
