using BuildingMgmt.Functions.Auth;

namespace BuildingMgmt.Functions.Tests.Auth;

public sealed class CallerTests
{
    private static readonly Guid A = Guid.NewGuid();
    private static readonly Guid B = Guid.NewGuid();

    [Theory]
    [InlineData(Roles.Viewer, Roles.Viewer)]
    [InlineData(Roles.Operator, Roles.Viewer | Roles.Operator)]
    [InlineData(Roles.Engineer, Roles.Viewer | Roles.Operator | Roles.Engineer | Roles.Ingest)]
    [InlineData(Roles.Admin, Roles.Viewer | Roles.Operator | Roles.Engineer | Roles.Admin | Roles.Ingest)]
    [InlineData(Roles.Ingest, Roles.Ingest)]
    [InlineData(Roles.Gateway, Roles.Gateway)]
    public void Role_includes_the_lower_ones(Roles granted, Roles held) =>
        Assert.Equal(held, new Caller("name", false, [new Grant(granted, null)]).Roles);

    [Fact]
    public void Grant_for_one_building_is_for_that_one()
    {
        var caller = new Caller("name", false, [new Grant(Roles.Engineer, A), new Grant(Roles.Viewer, B)]);
        Assert.True(caller.May(Roles.Engineer, A));
        Assert.False(caller.May(Roles.Engineer, B));
        Assert.True(caller.May(Roles.Viewer, B));
        Assert.Equal([A], caller.BuildingsWith(Roles.Engineer)!);
        Assert.Equal(2, caller.BuildingsWith(Roles.Viewer)!.Length);
    }

    [Fact]
    public void Grant_for_all_buildings_is_for_each()
    {
        var caller = new Caller("name", false, [new Grant(Roles.Viewer, null), new Grant(Roles.Engineer, A)]);
        Assert.True(caller.May(Roles.Viewer, B));
        Assert.False(caller.May(Roles.Engineer, B));
        Assert.Null(caller.BuildingsWith(Roles.Viewer));
    }

    [Fact]
    public void Caller_without_grants_may_nothing()
    {
        var caller = new Caller("name", false, []);
        Assert.Equal(Roles.None, caller.Roles);
        Assert.False(caller.May(Roles.Viewer, A));
        Assert.Equal([], caller.BuildingsWith(Roles.Viewer)!);
    }
}
