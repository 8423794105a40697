namespace BuildingMgmt.Functions.Health;

/// <summary>Answer of <c>GET /api/health/ready</c>.</summary>
/// <param name="Status">ready or unavailable.</param>
/// <param name="Checks">One for each dependency.</param>
/// <param name="Degraded">What people should see to; none of it makes the app unavailable.</param>
public sealed record HealthReport(string Status, IReadOnlyList<DependencyHealth> Checks, IReadOnlyList<HealthNotice> Degraded);

/// <summary>Something that people should see to.</summary>
/// <param name="Name">What it is about.</param>
/// <param name="Detail">What is the matter, and what to do.</param>
public sealed record HealthNotice(string Name, string Detail);

/// <summary>How one dependency answered.</summary>
/// <param name="Name">postgres, tables or event_hub; postgres_replica where there is one.</param>
/// <param name="Status">ok or away.</param>
/// <param name="LatencyMs">Milliseconds until it answered, or until that was given up.</param>
/// <param name="Detail">What went wrong; null when nothing did. Holds no addresses or credentials.</param>
public sealed record DependencyHealth(string Name, string Status, double LatencyMs, string? Detail);
