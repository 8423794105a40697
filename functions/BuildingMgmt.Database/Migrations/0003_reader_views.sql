-- What people, Grafana and BI tools read. These names and columns stay as they are.

CREATE VIEW readings AS
SELECT b.name AS building,
       f.name AS floor,
       z.name AS zone,
       s.name AS sensor,
       s.sensor_id,
       p.metric,
       p.unit,
       r.time,
       r.value,
       CASE r.quality WHEN 0 THEN 'good' WHEN 1 THEN 'uncertain' WHEN 2 THEN 'bad' ELSE 'suspect' END AS quality
FROM reading r
JOIN point p USING (point_id)
JOIN sensor s USING (sensor_id)
JOIN floor f USING (floor_id)
JOIN building b USING (building_id)
LEFT JOIN zone z ON z.zone_id = s.zone_id;

-- Roles belong to the whole server: another database of it may have made this one, even at this moment.
DO $$
BEGIN
    CREATE ROLE reader NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END $$;

GRANT USAGE ON SCHEMA public TO reader;
GRANT SELECT ON readings TO reader;
