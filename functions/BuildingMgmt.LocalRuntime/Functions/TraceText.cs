using System.Diagnostics;

namespace BuildingMgmt.LocalRuntime.Functions;

/// <summary>A W3C trace context in one text, as it is kept and handed on: <c>traceparent</c> and, behind a blank, <c>tracestate</c> if there is one.</summary>
internal static class TraceText
{
    public static string? Of(Activity? activity) => activity switch
    {
        not { IdFormat: ActivityIdFormat.W3C } => null,
        { TraceStateString: { Length: > 0 } state } => $"{activity.Id} {state}",
        _ => activity.Id,
    };

    public static (string? Parent, string? State) Read(string? text) =>
        text?.IndexOf(' ') is { } blank and > 0 ? (text[..blank], text[(blank + 1)..]) : (text, null);
}
