using System.Globalization;
using BuildingMgmt.LocalStack.Data;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Benchmarks.Ingest;

/// <summary>CPU time of all processes of a running system and their children, from /proc; zero where there is no /proc.</summary>
internal static class StackCpu
{
    // USER_HZ is 100 on every Linux that .NET runs on (proc(5), sysconf(_SC_CLK_TCK)).
    private const double TicksPerSecond = 100;

    public static TimeSpan Of(RunFile run)
    {
        if (!Directory.Exists("/proc"))
            return TimeSpan.Zero;
        var wanted = run.Processes.Select(process => process.ProcessId).ToHashSet();
        double ticks = 0;
        foreach (var stat in Directory.EnumerateDirectories("/proc").Select(ReadStat).OfType<ProcessStat>().OrderBy(stat => stat.Pid))
        {
            if (!wanted.Contains(stat.Pid) && !wanted.Contains(stat.Parent))
                continue;
            wanted.Add(stat.Pid);
            ticks += stat.Ticks;
        }

        return TimeSpan.FromSeconds(ticks / TicksPerSecond);
    }

    private static ProcessStat? ReadStat(string folder)
    {
        if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
            return null;
        try
        {
            var text = File.ReadAllText(Path.Combine(folder, "stat"));
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            // proc(5): field 4 is the parent, 14 to 17 are utime, stime, cutime, cstime; ours start at field 3.
            return new ProcessStat(pid, int.Parse(fields[1], CultureInfo.InvariantCulture),
                fields[11..15].Sum(field => double.Parse(field, CultureInfo.InvariantCulture)));
        }
        catch (IOException)
        {
            return null; // ended while we looked
        }
    }

    private sealed record ProcessStat(int Pid, int Parent, double Ticks);
}
