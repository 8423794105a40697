using System.Text.RegularExpressions;
using BuildingMgmt.Testing;

namespace BuildingMgmt.EndToEnd.Tests;

public sealed partial class ReadmeLinkTests
{
    [Fact]
    public async Task What_the_README_points_to_is_there()
    {
        var readme = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, "README.md"), TestContext.Current.CancellationToken);
        var paths = Link().Matches(readme).Select(link => link.Groups["path"].Value).ToList();
        Assert.Contains("functions/BuildingMgmt.LocalRuntime/README.md", paths);
        Assert.All(paths, path => Assert.True(Path.Exists(Path.Combine(RepositoryRoot.Path, path)), path));
    }

    [GeneratedRegex(@"\]\((?!https?:)(?<path>[^)]+)\)")]
    private static partial Regex Link();
}
