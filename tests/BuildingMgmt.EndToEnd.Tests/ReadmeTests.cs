using System.Diagnostics;
using System.Text.RegularExpressions;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.EndToEnd.Tests;

/// <summary>The gateway examples of the README are run as they stand there.</summary>
public sealed partial class ReadmeTests(DemoStack demo) : IClassFixture<DemoStack>
{
    [Theory]
    [InlineData("js", "gateway.mjs", "node", "gateway.mjs")]
    [InlineData("csharp", "gateway.cs", "dotnet", "run gateway.cs --")]
    public async Task Gateway_example_of_the_README_stores_a_reading_and_says_how_it_is_used_without_a_sensor(string language, string file, string program, string arguments)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var postgres = NpgsqlDataSource.Create(demo.Stack.Run.Postgres);
        var sensor = await SilentSensorAsync(postgres, cancellationToken);

        var path = await WriteExampleAsync(language, file, cancellationToken);
        try
        {
            var (exitCode, _, text) = await RunAsync(program, $"{arguments} {sensor}", demo.Stack.RunFilePath, cancellationToken);
            Assert.True(exitCode == 0, $"{program} {arguments} ended with {exitCode}: {text}");
            (exitCode, var error, text) = await RunAsync(program, arguments, demo.Stack.RunFilePath, cancellationToken);
            Assert.True(exitCode == 2, $"{program} {arguments} without a sensor ended with {exitCode}: {text}");
            Assert.Equal($"usage: {program} {arguments} <sensor id>", error.Trim());
        }
        finally
        {
            File.Delete(path);
        }

        await Eventually.TrueAsync(
            async () => await CountAsync(postgres, sensor, cancellationToken) == 1, TimeSpan.FromSeconds(30), $"the reading of {file} is stored", cancellationToken);
    }

    /// <summary>A new sensor in the demo building that no simulated gateway knows.</summary>
    private static async Task<Guid> SilentSensorAsync(NpgsqlDataSource postgres, CancellationToken cancellationToken)
    {
        var sensor = Guid.NewGuid();
        await using var command = postgres.CreateCommand("""
            WITH added AS (
                INSERT INTO sensor (sensor_id, floor_id, name, type)
                SELECT @sensor, floor_id, @sensor::text, 'climate' FROM floor LIMIT 1
                RETURNING sensor_id)
            INSERT INTO point (sensor_id, metric) SELECT sensor_id, 'temperature' FROM added
            """);
        command.Parameters.AddWithValue("sensor", sensor);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return sensor;
    }

    private static async Task<long> CountAsync(NpgsqlDataSource postgres, Guid sensor, CancellationToken cancellationToken)
    {
        await using var command = postgres.CreateCommand("SELECT count(*) FROM readings WHERE sensor_id = @sensor AND value = 21.5");
        command.Parameters.AddWithValue("sensor", sensor);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task<string> WriteExampleAsync(string language, string file, CancellationToken cancellationToken)
    {
        var readme = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, "README.md"), cancellationToken);
        var example = CodeBlock().Matches(readme).Single(block => block.Groups["language"].Value == language).Groups["code"].Value;
        var path = Path.Combine(RepositoryRoot.Path, file);
        await File.WriteAllTextAsync(path, example, cancellationToken);
        return path;
    }

    private static async Task<(int ExitCode, string Error, string Text)> RunAsync(
        string program, string arguments, string runFile, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = RepositoryRoot.Path,
            Environment = { ["RUN_FILE"] = runFile },
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, await error, await output + await error);
    }

    [GeneratedRegex(@"```(?<language>\w+)\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
