using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using BuildingMgmt.Functions.Auth;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.Functions.Tests.Auth;

public sealed class SigningKeyTests
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Signing_key_is_changed_without_a_token_that_anybody_refuses()
    {
        using var oldKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var newKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // As the instances are one after the other: before, told of the new key, changed over, and forgetful of the old one.
        AccessTokens[] stages = [Tokens(oldKey), Tokens(oldKey, newKey), Tokens(newKey, oldKey), Tokens(newKey)];
        try
        {
            for (var stage = 1; stage < stages.Length; stage++)
            {
                // While a stage is rolled out, instances of the one before run beside it; the last waits until old tokens have ended.
                var (before, after) = (stages[stage - 1], stages[stage]);
                Assert.True(await IsTakenAsync(after, before));
                Assert.True(await IsTakenAsync(before, after));
            }

            Assert.False(await IsTakenAsync(stages[3], stages[1]));
            Assert.Equal([1, 2, 2, 1], stages.Select(tokens => tokens.PublicKeys.Keys.Count));
            Assert.Equal(stages[1].PublicKeys.Keys.Reverse(), stages[2].PublicKeys.Keys);
        }
        finally
        {
            foreach (var tokens in stages)
                tokens.Dispose();
        }
    }

    [Theory]
    [InlineData("private")]
    [InlineData("another curve")]
    [InlineData("RSA")]
    [InlineData("no PEM")]
    [InlineData("something behind")]
    public void Other_key_that_cannot_be_one_stops_the_start_without_being_told(string kind)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var otherCurve = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);
        var text = kind switch
        {
            "private" => key.ExportECPrivateKeyPem(),
            "another curve" => otherCurve.ExportSubjectPublicKeyInfoPem(),
            "RSA" => rsa.ExportSubjectPublicKeyInfoPem(),
            "something behind" => key.ExportSubjectPublicKeyInfoPem() + "\nsecret",
            _ => "secret",
        };
        var options = Options(key);
        options.OtherPublicKeys = text;
        var wrong = Assert.Single(options.Validate(new ValidationContext(options)));
        Assert.Equal([nameof(AuthOptions.OtherPublicKeys)], wrong.MemberNames);
        Assert.DoesNotContain("secret", wrong.ErrorMessage, StringComparison.Ordinal);
    }

    private static async Task<bool> IsTakenAsync(AccessTokens by, AccessTokens of) =>
        await by.ValidateAsync(of.Create("viewer", isGateway: false, [new Grant(Roles.Viewer, null)], refreshToken: null).AccessToken) is { Caller.Name: "viewer" };

    private AccessTokens Tokens(ECDsa signing, params ECDsa[] others)
    {
        var options = Options(signing);
        options.OtherPublicKeys = string.Join('\n', others.Select(key => key.ExportSubjectPublicKeyInfoPem()));
        Assert.Empty(options.Validate(new ValidationContext(options)));
        return new AccessTokens(Microsoft.Extensions.Options.Options.Create(options), time);
    }

    private static AuthOptions Options(ECDsa key) => new() { SigningKey = key.ExportECPrivateKeyPem() };
}
