using System.ComponentModel.DataAnnotations;

namespace BuildingMgmt.Functions.Api;

/// <summary>What holds for all HTTP functions: section <c>Api</c>.</summary>
public sealed class ApiOptions : IValidatableObject
{
    /// <summary>
    /// Origins of pages that may call the API from a browser, separated by commas, as <c>https://bi.example.com</c>. Default none: only
    /// the app's own page.
    /// </summary>
    public string AllowedOrigins { get; set; } = "";

    /// <summary>Reads <see cref="AllowedOrigins"/>.</summary>
    public string[] ReadAllowedOrigins() =>
        AllowedOrigins.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        from origin in ReadAllowedOrigins()
        where !IsOrigin(origin)
        select new ValidationResult(
            $"\"{origin}\" is no origin. Give scheme and host, and a port where it is not the usual one: https://bi.example.com.",
            [nameof(AllowedOrigins)]);

    // A browser sends exactly this form, and it is compared as text. "*" is none: it would let any page that finds a token use it.
    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp)
        && uri.GetLeftPart(UriPartial.Authority) == text;
}
