namespace BuildingMgmt.LocalStack.Setup;

/// <summary>This repository's folder, found from where the running program lies.</summary>
public static class Repository
{
    /// <summary>The folder that holds <c>BuildingMgmt.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The built program of another project here, of the same configuration as the running one.</summary>
    /// <exception cref="ServiceFailedException">It is not built.</exception>
    public static string Output(string project)
    {
        // …/bin/<configuration>/<framework>/
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var path = Path.Combine(Root, "functions", project, "bin", own.Parent!.Name, own.Name, project + ".dll");
        return File.Exists(path)
            ? path
            : throw new Processes.ServiceFailedException($"\"{path}\" is missing. Build it: dotnet build \"{Root}\"");
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "BuildingMgmt.sln")))
                return folder.FullName;
        }

        throw new Processes.ServiceFailedException(
            $"No folder above \"{AppContext.BaseDirectory}\" holds BuildingMgmt.sln. Run this from a clone of the repository.");
    }
}
