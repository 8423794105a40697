using System.Text.Json;
using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Postgres;
using Npgsql;
using NpgsqlTypes;

namespace BuildingMgmt.Functions.Catalogue;

/// <summary>Which rows of the catalogue are asked for, and which the caller may see. Null leaves a filter out.</summary>
/// <param name="Visible">Buildings the caller may see; null is all.</param>
/// <param name="After">Where the page starts.</param>
/// <param name="Limit">Rows of a page.</param>
public sealed record CatalogueFilter(Guid[]? Visible, PageKey? After, int Limit)
{
    /// <summary>One row by its own id.</summary>
    public Guid? Id { get; init; }

    /// <summary>Rows of this building.</summary>
    public Guid? BuildingId { get; init; }

    /// <summary>Rows of this floor.</summary>
    public Guid? FloorId { get; init; }

    /// <summary>Sensors in zones of this name.</summary>
    public string? Zone { get; init; }

    /// <summary>Sensors of this type.</summary>
    public string? Type { get; init; }

    /// <summary>Sensors of this status.</summary>
    public string? Status { get; init; }
}

/// <summary>Reads pages of the catalogue from PostgreSQL, each one row longer than asked when more follow.</summary>
public sealed class CatalogueQueries(PostgresPools pools)
{
    /// <summary>Buildings by name.</summary>
    public Task<List<Building>> BuildingsAsync(CatalogueFilter filter, CancellationToken cancellationToken)
    {
        const string sql = """
            SELECT building_id, name, time_zone, raw_retention_days
            FROM building
            WHERE ($1::uuid[] IS NULL OR building_id = ANY($1))
              AND ($2::text IS NULL OR (name, building_id) > ($2, $3::uuid))
              AND ($4::uuid IS NULL OR building_id = $4)
            ORDER BY name, building_id
            LIMIT $5
            """;
        return ReadAsync(
            sql,
            [Visible(filter), AfterName(filter), AfterId(filter), Uuid(filter.Id), Rows(filter)],
            row => new Building(row.GetGuid(0), row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetInt32(3)),
            cancellationToken);
    }

    /// <summary>Floors by name.</summary>
    public Task<List<Floor>> FloorsAsync(CatalogueFilter filter, CancellationToken cancellationToken)
    {
        const string sql = """
            SELECT floor_id, building_id, name
            FROM floor
            WHERE ($1::uuid[] IS NULL OR building_id = ANY($1))
              AND ($2::text IS NULL OR (name, floor_id) > ($2, $3::uuid))
              AND ($4::uuid IS NULL OR floor_id = $4)
              AND ($5::uuid IS NULL OR building_id = $5)
            ORDER BY name, floor_id
            LIMIT $6
            """;
        return ReadAsync(
            sql,
            [Visible(filter), AfterName(filter), AfterId(filter), Uuid(filter.Id), Uuid(filter.BuildingId), Rows(filter)],
            row => new Floor(row.GetGuid(0), row.GetGuid(1), row.GetString(2)),
            cancellationToken);
    }

    /// <summary>Sensors by name, with their points.</summary>
    public Task<List<Sensor>> SensorsAsync(CatalogueFilter filter, CancellationToken cancellationToken)
    {
        const string sql = """
            SELECT s.sensor_id, f.building_id, s.floor_id, z.name, s.name, s.type, s.status,
                   coalesce((SELECT json_agg(json_build_object(
                                        'metric', p.metric, 'unit', p.unit, 'plausible_min', p.plausible_min,
                                        'plausible_max', p.plausible_max, 'interval_seconds', p.interval_s, 'reporting', p.reporting) ORDER BY p.metric)
                             FROM point p WHERE p.sensor_id = s.sensor_id), '[]')
            FROM sensor s
            JOIN floor f USING (floor_id)
            LEFT JOIN zone z ON z.zone_id = s.zone_id
            WHERE ($1::uuid[] IS NULL OR f.building_id = ANY($1))
              AND ($2::text IS NULL OR (s.name, s.sensor_id) > ($2, $3::uuid))
              AND ($4::uuid IS NULL OR s.sensor_id = $4)
              AND ($5::uuid IS NULL OR f.building_id = $5)
              AND ($6::uuid IS NULL OR s.floor_id = $6)
              AND ($7::text IS NULL OR z.name = $7)
              AND ($8::text IS NULL OR s.type = $8)
              AND ($9::text IS NULL OR s.status = $9)
            ORDER BY s.name, s.sensor_id
            LIMIT $10
            """;
        return ReadAsync(
            sql,
            [
                Visible(filter), AfterName(filter), AfterId(filter), Uuid(filter.Id), Uuid(filter.BuildingId), Uuid(filter.FloorId),
                Text(filter.Zone), Text(filter.Type), Text(filter.Status), Rows(filter),
            ],
            row => new Sensor(
                row.GetGuid(0), row.GetGuid(1), row.GetGuid(2), row.IsDBNull(3) ? null : row.GetString(3), row.GetString(4),
                row.GetString(5), row.GetString(6), JsonSerializer.Deserialize(row.GetString(7), ApiJson.Default.PointArray)!),
            cancellationToken);
    }

    private async Task<List<T>> ReadAsync<T>(
        string sql, NpgsqlParameter[] parameters, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var command = pools.Read.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<T> rows = [];
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(read(reader));
        return rows;
    }

    private static NpgsqlParameter Visible(CatalogueFilter filter) =>
        new() { Value = (object?)filter.Visible ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid };

    private static NpgsqlParameter AfterName(CatalogueFilter filter) => Text(filter.After?.Name);

    private static NpgsqlParameter AfterId(CatalogueFilter filter) => Uuid(filter.After?.Id);

    private static NpgsqlParameter<int> Rows(CatalogueFilter filter) => new NpgsqlParameter<int> { TypedValue = filter.Limit + 1 };

    private static NpgsqlParameter Uuid(Guid? value) =>
        new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid };

    private static NpgsqlParameter Text(string? value) =>
        new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };
}
