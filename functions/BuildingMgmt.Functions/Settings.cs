using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions;

/// <summary>Typed options that are checked before the app starts.</summary>
public static class Settings
{
    /// <summary>Binds a section of the app settings and checks it at the start, by its data annotations. A bad value stops the start.</summary>
    public static OptionsBuilder<T> AddSettings<T>(this IServiceCollection services, string section)
        where T : class
    {
        services.AddSingleton<IValidateOptions<T>>(new Validation<T>(section));
        return services.AddOptions<T>().BindConfiguration(section).ValidateOnStart();
    }

    /// <summary>What a failed start says about the settings, one text for each that is wrong; empty when something else failed.</summary>
    public static IReadOnlyList<string> WhatIsWrong(Exception exception) => exception switch
    {
        OptionsValidationException e => [.. e.Failures],
        AggregateException e when e.InnerExceptions.All(inner => inner is OptionsValidationException) =>
            [.. e.InnerExceptions.Cast<OptionsValidationException>().SelectMany(inner => inner.Failures)],
        _ => [],
    };

    // Unlike ValidateDataAnnotations, the message has the setting's name as an operator writes it, and says only what is wrong.
    private sealed class Validation<T>(string section) : IValidateOptions<T>
        where T : class
    {
        public ValidateOptionsResult Validate(string? name, T options)
        {
            List<ValidationResult> results = [];
            if (Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true))
                return ValidateOptionsResult.Success;
            return ValidateOptionsResult.Fail(results.Select(result =>
                $"Setting {string.Join(", ", result.MemberNames.Select(member => $"{section}__{member}"))}: {result.ErrorMessage}"));
        }
    }
}
