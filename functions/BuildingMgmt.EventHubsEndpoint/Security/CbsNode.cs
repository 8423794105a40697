using Amqp;
using BuildingMgmt.EventHubsEndpoint.Transport;

namespace BuildingMgmt.EventHubsEndpoint.Security;

/// <summary>Claims-based security: takes tokens on <c>$cbs</c>, which is open to everybody.</summary>
internal static class CbsNode
{
    public static Response Answer(Message request, Grants grants)
    {
        if (request.ApplicationProperties?["operation"] as string != "put-token")
            return new Response(400, "The only operation of $cbs is \"put-token\".", Condition: ErrorCode.NotAllowed);
        var type = request.ApplicationProperties["type"] as string;
        if (type is not "servicebus.windows.net:sastoken")
            return new Response(400, $"Tokens of type \"{type}\" are not taken; \"servicebus.windows.net:sastoken\" is.", Condition: ErrorCode.NotImplemented);

        return grants.Add(request.Body as string) switch
        {
            SasToken.Verdict.Valid => new Response(202, "Accepted"),
            SasToken.Verdict.Malformed => new Response(400, "The token is no shared access signature.", Condition: ErrorCode.InvalidField),
            SasToken.Verdict.Expired => new Response(401, "ExpiredToken: the token has expired.", Condition: ErrorCode.UnauthorizedAccess),
            _ => new Response(401, "InvalidSignature: the token was not signed with this hub's key.", Condition: ErrorCode.UnauthorizedAccess),
        };
    }
}
