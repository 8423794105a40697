using System.ComponentModel.DataAnnotations;

namespace BuildingMgmt.Functions.DeadLetters;

/// <summary>How long and how many dead letters are kept: section <c>DeadLetters</c>. What is beyond is deleted, the oldest first, and recorded.</summary>
public sealed class DeadLetterOptions
{
    /// <summary>A dead letter is deleted after so many days, replayed or not. Default 90.</summary>
    [Range(1, 3650)]
    public int KeepDays { get; set; } = 90;

    /// <summary>Bytes of dead letters that are kept, MiB. Default 1,024.</summary>
    [Range(1, 1024 * 1024)]
    public int MiBMax { get; set; } = 1024;

    /// <summary>Dead letters that are kept. Default 1,000,000.</summary>
    [Range(1, 100_000_000)]
    public int LettersMax { get; set; } = 1_000_000;
}
