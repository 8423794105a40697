using System.Text.Json;
using System.Text.Json.Serialization;
using BuildingMgmt.Functions.Auth;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Dashboards;
using BuildingMgmt.Functions.DeadLetters;
using BuildingMgmt.Functions.Gateways;
using BuildingMgmt.Functions.Health;
using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Functions.RollUps.Rebuild;
using BuildingMgmt.Functions.SensorData;

namespace BuildingMgmt.Functions.Api;

/// <summary>How the API writes and reads JSON: snake_case, UTC, absent members instead of nulls only where a type says so.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ProblemBody))]
[JsonSerializable(typeof(TokenRequest))]
[JsonSerializable(typeof(TokenResponse))]
[JsonSerializable(typeof(RefreshRequest))]
[JsonSerializable(typeof(KeySet))]
[JsonSerializable(typeof(Page<Building>))]
[JsonSerializable(typeof(Page<Floor>))]
[JsonSerializable(typeof(Page<Sensor>))]
[JsonSerializable(typeof(Page<GatewayStatus>))]
[JsonSerializable(typeof(GatewayLedgerReport))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(IngestRate))]
[JsonSerializable(typeof(DashboardCounts))]
[JsonSerializable(typeof(AcceptedBatch))]
[JsonSerializable(typeof(RebuildRequest))]
[JsonSerializable(typeof(RebuildStatus))]
[JsonSerializable(typeof(Page<DeadLetterRow>))]
[JsonSerializable(typeof(Page<DeadLetterPurgeRow>))]
[JsonSerializable(typeof(DeadLetterWithContent))]
[JsonSerializable(typeof(ReplayRequest))]
[JsonSerializable(typeof(ReplayedLetter))]
[JsonSerializable(typeof(ReplayedLetters))]
[JsonSerializable(typeof(Point[]))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class ApiJson : JsonSerializerContext;
