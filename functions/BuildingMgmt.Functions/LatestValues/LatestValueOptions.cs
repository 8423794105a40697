using System.ComponentModel.DataAnnotations;

namespace BuildingMgmt.Functions.LatestValues;

/// <summary>Where latest values are kept and how they are repaired: section <c>LatestValues</c>.</summary>
public sealed class LatestValueOptions
{
    /// <summary>Connection string of the table store. Default: the app's own storage, <c>AzureWebJobsStorage</c>.</summary>
    [Required(AllowEmptyStrings = false)]
    public string ConnectionString { get; set; } = "";

    /// <summary>Name of the table, made when missing. Default <c>latest</c>.</summary>
    [RegularExpression("^[A-Za-z][A-Za-z0-9]{2,62}$")]
    public string TableName { get; set; } = "latest";

    /// <summary>Longest wait for one answer of the table store, seconds. Default 5.</summary>
    [Range(1, 60)]
    public int TimeoutSeconds { get; set; } = 5;

    /// <summary>Points that one run of the repair timer compares with PostgreSQL; it goes on from there next time. Default 20,000.</summary>
    [Range(100, 1_000_000)]
    public int RepairPointsPerRunMax { get; set; } = 20_000;
}
