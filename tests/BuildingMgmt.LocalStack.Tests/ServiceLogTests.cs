using System.Diagnostics;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.Testing;

namespace BuildingMgmt.LocalStack.Tests;

public sealed class ServiceLogTests : IDisposable
{
    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Log_says_how_many_lines_a_full_disk_cost_and_goes_on()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root can make a small disk.");
        var disk = Directory.CreateDirectory(folder.File("disk")).FullName;
        Assert.SkipUnless(await RunAsync("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk) == 0, "This container lets nobody mount.");
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(disk, "filler"), new byte[32 * 1024], TestContext.Current.CancellationToken);
            var line = new string('x', 1000);
            using (var log = new ServiceLog(Path.Combine(disk, "sh.log")))
            {
                for (var count = 0; count < 100; count++)
                    log.Write(line);
                Assert.Equal(20, log.LastLines.Split('\n').Length);
                File.Delete(Path.Combine(disk, "filler"));
                log.Write("there is room again");
            }

            var lines = await File.ReadAllLinesAsync(Path.Combine(disk, "sh.log"), TestContext.Current.CancellationToken);
            var kept = lines.TakeWhile(written => written == line).Count();
            Assert.InRange(kept, 1, 99);
            Assert.StartsWith($"({100 - kept} lines lost: ", lines[kept], StringComparison.Ordinal);
            Assert.Equal(["there is room again"], lines[(kept + 1)..]);
        }
        finally
        {
            Assert.Equal(0, await RunAsync("umount", disk));
        }
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }
}
