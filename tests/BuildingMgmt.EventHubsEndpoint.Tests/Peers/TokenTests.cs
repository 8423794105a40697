using System.Security.Cryptography;
using System.Text;
using Amqp;
using Amqp.Framing;
using BuildingMgmt.EventHubsEndpoint.Security;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Peers;

public sealed class TokenTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly SharedAccessKey Key = new(RawPeer.KeyName, LocalEndpoint.Key);

    [Theory]
    [InlineData("sb://127.0.0.1/telemetry", "telemetry/Partitions/0", true)]
    [InlineData("sb://127.0.0.1:5672/", "telemetry", true)]
    [InlineData("amqp://host/TELEMETRY/ConsumerGroups/%24Default/Partitions/1", "telemetry/ConsumerGroups/$Default/Partitions/1", true)]
    [InlineData("sb://127.0.0.1/telemetry/Partitions/0", "telemetry/Partitions/1", false)]
    [InlineData("sb://127.0.0.1/telemetry/Partitions/0", "telemetry", false)]
    [InlineData("sb://127.0.0.1/tele", "telemetry", false)]
    [InlineData("telemetry", "telemetry", false)]
    public void A_token_opens_its_audience_and_what_is_below(string audience, string entity, bool opens)
    {
        Assert.Equal(SasToken.Verdict.Valid, SasToken.Read(Sign(audience), Key, Now, out var token));
        Assert.Equal(opens, token!.Opens(entity));
    }

    [Fact]
    public void A_token_with_another_signature_key_name_time_or_shape_is_none()
    {
        var good = Sign("sb://h/telemetry");
        Assert.Equal(SasToken.Verdict.WrongSignature, Read(Sign("sb://h/telemetry", key: "other")));
        Assert.Equal(SasToken.Verdict.WrongSignature, Read(good.Replace("telemetry", "telemetri", StringComparison.Ordinal)));
        Assert.Equal(SasToken.Verdict.WrongSignature, Read(good.Replace("skn=Root", "skn=Toor", StringComparison.Ordinal)));
        Assert.Equal(SasToken.Verdict.Expired, Read(Sign("sb://h/telemetry", Now.AddSeconds(-1))));
        Assert.All(
            ["", "SharedAccessSignature", "SharedAccessSignature sr=a", good + "&sr=b", good.Replace("se=", "se=x", StringComparison.Ordinal),
                good.Replace("se=", "se=99999999999", StringComparison.Ordinal), null],
            text => Assert.Equal(SasToken.Verdict.Malformed, Read(text)));

        static SasToken.Verdict Read(string? text) => SasToken.Read(text, Key, Now, out _);
    }

    [Fact]
    public async Task Without_a_token_links_are_refused_and_with_one_they_live_until_it_lapses()
    {
        var time = new FakeTimeProvider(Now);
        using var endpoint = new LocalEndpoint(time: time);
        using var peer = await RawPeer.OpenAsync(endpoint.Port, key: null);
        await peer.BeginAsync();
        await peer.AskForSenderWithoutReadingAsync("telemetry", handle: 9);
        Assert.Equal("amqp:unauthorized-access", (await peer.ExpectDetachAsync()).Error.Condition);
        await peer.AskForSenderWithoutReadingAsync("$management", handle: 8);
        Assert.Equal("amqp:unauthorized-access", (await peer.ExpectDetachAsync()).Error.Condition);

        await peer.AttachReceiverAsync("$cbs", 10, handle: 1);
        await peer.AttachSenderAsync("$cbs", handle: 0);
        Assert.Equal(401, await PutTokenAsync(peer, Sign("sb://h/telemetry", Now.AddMinutes(5), "wrong")));
        Assert.Equal(400, await PutTokenAsync(peer, "no token"));
        Assert.Equal(202, await PutTokenAsync(peer, Sign("sb://h/telemetry", Now.AddSeconds(30))));
        await peer.AttachSenderAsync("telemetry", handle: 2);
        Assert.Equal(202, await PutTokenAsync(peer, Sign("sb://h/telemetry", Now.AddSeconds(60))));
        time.Advance(TimeSpan.FromSeconds(40));
        await peer.TransferAsync(Encoded.Event("renewed"), handle: 2);
        await peer.ExpectAsync<Dispose>();

        var detached = peer.ExpectDetachAsync();
        await time.AdvanceUntilAsync(TimeSpan.FromSeconds(1), detached);
        Assert.Equal("amqp:unauthorized-access", (await detached).Error.Condition);
        Assert.InRange(time.GetUtcNow(), Now.AddSeconds(60), Now.AddSeconds(100));
    }

    private static async Task<int> PutTokenAsync(RawPeer peer, string token)
    {
        var request = new Message(token)
        {
            Properties = new Properties { MessageId = "1", ReplyTo = "from-$cbs-1" },
            ApplicationProperties = new ApplicationProperties
            {
                ["operation"] = "put-token", ["type"] = "servicebus.windows.net:sastoken", ["name"] = "sb://h/telemetry",
            },
        };
        var encoded = request.Encode();
        await peer.TransferAsync(encoded.Buffer.AsSpan(encoded.Offset, encoded.Length).ToArray());
        var response = await peer.ReceiveAsync();
        var decoded = Message.Decode(new ByteBuffer(response, 0, response.Length, response.Length));
        Assert.Equal("1", decoded.Properties.CorrelationId);
        return (int)decoded.ApplicationProperties["status-code"];
    }

    private static string Sign(string audience, DateTimeOffset? expiresAt = null, string key = LocalEndpoint.Key)
    {
        var encoded = Uri.EscapeDataString(audience);
        var expiry = (expiresAt ?? Now.AddHours(1)).ToUnixTimeSeconds();
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"{encoded}\n{expiry}"));
        return $"SharedAccessSignature sr={encoded}&sig={Uri.EscapeDataString(Convert.ToBase64String(signature))}&se={expiry}&skn={RawPeer.KeyName}";
    }
}
