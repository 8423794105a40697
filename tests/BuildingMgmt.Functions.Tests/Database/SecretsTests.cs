using BuildingMgmt.Database;

namespace BuildingMgmt.Functions.Tests.Database;

public sealed class SecretsTests
{
    [Fact]
    public void Password_is_verified_against_its_own_hash_only()
    {
        var hash = PasswordHash.Create("correct horse");
        Assert.StartsWith("$argon2id$v=19$m=19456,t=2,p=1$", hash, StringComparison.Ordinal);
        Assert.True(PasswordHash.Verify("correct horse", hash));
        Assert.False(PasswordHash.Verify("correct horsf", hash));
        Assert.NotEqual(hash, PasswordHash.Create("correct horse"));
    }

    // From the tests of the reference implementation (phc-winner-argon2, src/test.c).
    [Fact]
    public void Hash_made_elsewhere_is_verified_with_the_parameters_it_names() =>
        Assert.True(PasswordHash.Verify("password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"));

    [Theory]
    [InlineData("")]
    [InlineData("password")]
    [InlineData("$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")]
    [InlineData("$argon2id$v=19$m=4000000,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")]
    [InlineData("$argon2id$v=19$m=65536,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")]
    [InlineData("$argon2id$v=19$m=65536,t=2,p=1$$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")]
    [InlineData("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$*")]
    public void Damaged_hash_verifies_nothing(string hash) => Assert.False(PasswordHash.Verify("password", hash));

    [Fact]
    public void Gateway_secret_is_verified_by_its_hash()
    {
        var secret = GatewaySecret.Create();
        Assert.Equal(43, secret.Length);
        Assert.True(GatewaySecret.Verify(secret, GatewaySecret.Hash(secret)));
        Assert.False(GatewaySecret.Verify(GatewaySecret.Create(), GatewaySecret.Hash(secret)));
        Assert.False(GatewaySecret.Verify("", GatewaySecret.Hash(secret)));
        Assert.False(GatewaySecret.Verify(secret, []));
    }

    [Fact]
    public void Stable_id_stays_the_same_for_ever()
    {
        var id = StableId.Create("building/demo");
        Assert.Equal(Guid.Parse("6592be67-e7b5-8369-a574-bb76f87d8560"), id);
        Assert.Equal(8, id.Version);
        Assert.NotEqual(id, StableId.Create("building/demo2"));
    }
}
