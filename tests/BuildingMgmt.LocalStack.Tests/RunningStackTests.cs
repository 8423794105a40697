using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BuildingMgmt.LocalStack.Data;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.LocalStack.Tests;

/// <summary>One stack with two app processes, which starts again what dies.</summary>
public sealed class StackOfTwo : IAsyncLifetime
{
    public RunningStack Stack { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Stack = await RunningStack.StartAsync("--instances", "2", "--restart-services");

    public ValueTask DisposeAsync() => Stack.DisposeAsync();
}

public sealed class RunningStackTests(StackOfTwo fixture) : IClassFixture<StackOfTwo>
{
    private readonly RunningStack stack = fixture.Stack;

    [Fact]
    public async Task Every_app_process_of_run_json_is_ready()
    {
        Assert.Equal(2, stack.Run.Http.Count);
        foreach (var address in stack.Run.Http)
        {
            using var client = new HttpClient { BaseAddress = new(address) };
            // A process is ready as often as its dependencies answer in time: another test may have the machine busy just now.
            await Eventually.TrueAsync(
                async () =>
                {
                    using var answer = await client.GetAsync("/api/health/ready", TestContext.Current.CancellationToken);
                    return answer.StatusCode == HttpStatusCode.OK;
                },
                TimeSpan.FromSeconds(30), $"{address} is ready", TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public void Processes_of_run_json_are_the_services()
    {
        string[] names = ["app-0", "app-1", "azurite", "event-hubs", "postgres", "simulator"];
        Assert.Equal(names, stack.Processes().Select(process => process.Name).Order());
    }

    [Fact]
    public async Task Both_app_processes_share_one_hub_of_orchestrations_in_the_database()
    {
        await using var database = NpgsqlDataSource.Create(stack.Run.Postgres);
        await using var command = database.CreateCommand("SELECT string_agg(name, ', ') FROM durable.hub");
        Assert.Equal("BuildingMgmt", await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("admin")]
    [InlineData("engineer")]
    [InlineData("operator")]
    [InlineData("viewer")]
    public async Task Users_of_run_json_can_sign_in(string role)
    {
        using var client = await stack.LoginAsync(role, TestContext.Current.CancellationToken);
        using var answer = await client.GetAsync("/api/buildings", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public void Demo_building_and_its_gateways_are_in_run_json()
    {
        var building = Assert.Single(stack.Run.Buildings);
        // One gateway for each floor, each with a secret of its own.
        Assert.Equal(4, building.Floors.Select(floor => floor.Name).Distinct().Count());
        Assert.Equal(
            ["demo-floor-0", "demo-floor-1", "demo-floor-2", "demo-floor-3"], stack.Run.Gateways.Select(gateway => gateway.GatewayId).Order());
        Assert.All(stack.Run.Gateways, gateway => Assert.NotEmpty(gateway.Secret));
        Assert.Equal(4, stack.Run.Gateways.Select(gateway => gateway.Secret).Distinct().Count());
    }

    [Fact]
    public void Files_with_secrets_are_their_owners_alone()
    {
        const UnixFileMode ownerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(ownerFile | UnixFileMode.UserExecute, File.GetUnixFileMode(stack.DataFolder));
        Assert.Equal(ownerFile, File.GetUnixFileMode(stack.RunFilePath));
        Assert.Equal(ownerFile, File.GetUnixFileMode(Path.Combine(stack.DataFolder, "secrets.json")));
    }

    [Fact]
    public async Task Secrets_are_on_no_command_line()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Command lines are read from /proc.");
        using var secrets = JsonDocument.Parse(
            await File.ReadAllTextAsync(Path.Combine(stack.DataFolder, "secrets.json"), TestContext.Current.CancellationToken));
        var values = secrets.RootElement.EnumerateObject()
            .Where(property => property.Value.ValueKind == JsonValueKind.String).Select(property => property.Value.GetString()!).ToList();
        Assert.Equal(5, values.Count);
        foreach (var (name, identity) in stack.Processes())
        {
            var commandLine = await File.ReadAllTextAsync($"/proc/{identity.ProcessId}/cmdline", TestContext.Current.CancellationToken);
            Assert.All(values, value => Assert.False(commandLine.Contains(value, StringComparison.Ordinal), name));
        }
    }

    [Fact]
    public async Task Second_stack_on_the_same_data_is_refused()
    {
        var (exitCode, output) = await StackCommandRun.ToEndAsync(stack.DataFolder, []);
        Assert.Equal(1, exitCode);
        Assert.Contains(
            $"Another stack (process {stack.Process.ProcessId}) runs on \"{stack.DataFolder}\"", output, StringComparison.Ordinal);
        Assert.Contains("--data", output, StringComparison.Ordinal);
        Assert.True(File.Exists(stack.RunFilePath), "the first one still runs");
    }

    [Fact]
    public async Task Readings_of_the_demo_building_reach_its_dashboard()
    {
        using var client = await stack.LoginAsync("viewer", TestContext.Current.CancellationToken);
        var floor = stack.Run.Buildings[0].Floors[0].FloorId;
        await Eventually.TrueAsync(
            async () =>
            {
                // After another test has killed the stores, an answer may be 503 with the advice to try again.
                using var answer = await client.GetAsync($"/api/dashboard/floor/{floor}", TestContext.Current.CancellationToken);
                if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
                    return false;
                answer.EnsureSuccessStatusCode();
                var dashboard = await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
                return dashboard.GetProperty("sensors").EnumerateArray()
                    .Any(sensor => sensor.GetProperty("metrics").EnumerateObject().Any());
            },
            TimeSpan.FromSeconds(60),
            "a reading of the demo building is on its dashboard",
            TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Killed_service_runs_again_when_restarts_are_asked_for()
    {
        foreach (var name in new[] { "app-1", "event-hubs", "azurite", "postgres" })
        {
            var killed = stack.Processes().Single(process => process.Name == name).Identity;
            using (var process = System.Diagnostics.Process.GetProcessById(killed.ProcessId))
                process.Kill();
            await Eventually.TrueAsync(
                () => Task.FromResult(RunFile.Read(stack.RunFilePath).Processes.Any(
                    process => process.Name == name && process.ProcessId != killed.ProcessId)),
                TimeSpan.FromSeconds(60),
                $"{name} runs again",
                TestContext.Current.CancellationToken);
        }

        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await stack.Http.GetAsync("/api/health/ready", TestContext.Current.CancellationToken);
                return answer.IsSuccessStatusCode;
            },
            TimeSpan.FromSeconds(60),
            "the app is ready again",
            TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(
            SignsInAsync, TimeSpan.FromSeconds(60), "the app's connections to the old server are gone", TestContext.Current.CancellationToken);
    }

    private async Task<bool> SignsInAsync()
    {
        try
        {
            using var client = await stack.LoginAsync("viewer", TestContext.Current.CancellationToken);
            return true;
        }
        catch (HttpRequestException e) when (e.StatusCode == HttpStatusCode.ServiceUnavailable)
        {
            return false;
        }
    }
}
