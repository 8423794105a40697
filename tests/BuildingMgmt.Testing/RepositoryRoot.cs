using BuildingMgmt.LocalStack.Setup;

namespace BuildingMgmt.Testing;

/// <summary>The folder of this repository in which the tests were built.</summary>
public static class RepositoryRoot
{
    public static string Path => Repository.Root;
}
