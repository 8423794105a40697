namespace BuildingMgmt.Functions.Tests.Api;

/// <summary>Tests against one running app, <see cref="RunningApp"/>.</summary>
[CollectionDefinition(Name)]
public sealed class AppTests : ICollectionFixture<RunningApp>
{
    public const string Name = "Running app";
}
