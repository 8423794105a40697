-- Readings rolled up by the hour and by the day, and the record of what has to be rolled up.

ALTER TABLE point ADD COLUMN reporting text NOT NULL DEFAULT 'interval' CHECK (reporting IN ('interval', 'on_change'));
COMMENT ON COLUMN point.reporting IS
    'interval: a reading every interval_s; on_change: a value holds until the next one, at most three interval_s and no longer than a day';

-- What has to be rolled up: written by ingest in the transaction that stores, and taken by who rolls up. It may name points that
-- have nothing new, so gaps between ids need not be told.
CREATE TABLE reading_change (
    hour        timestamptz    NOT NULL,
    change_id   bigint GENERATED ALWAYS AS IDENTITY,
    recorded_at timestamptz    NOT NULL DEFAULT now(),
    points      int4multirange NOT NULL,
    cause       text           NOT NULL CHECK (cause IN ('late', 'correction', 'time zone')),
    is_carried  boolean        NOT NULL DEFAULT false,
    PRIMARY KEY (hour, change_id)
);
COMMENT ON COLUMN reading_change.hour IS 'where the hour begins that was touched; a whole hour UTC unless it is carried';
COMMENT ON COLUMN reading_change.points IS 'ids of points, those that were touched among them';
COMMENT ON COLUMN reading_change.cause IS 'why a bucket that was rolled up before is another now';
COMMENT ON COLUMN reading_change.is_carried IS 'nothing was stored in this hour, but a value of an earlier one may hold in it, or a bucket ends in it';

-- Columns stand from wide to narrow, so that a row has no padding. These rows outlive the readings.
CREATE TABLE reading_hourly (
    bucket        timestamptz NOT NULL,
    computed_at   timestamptz NOT NULL,
    average       double precision,
    min           double precision,
    max           double precision,
    sum           double precision,
    first         double precision,
    last          double precision,
    weight_s      double precision,
    point_id      integer     NOT NULL,
    count         integer     NOT NULL,
    uncounted     integer     NOT NULL,
    revision      integer     NOT NULL DEFAULT 0,
    length_s      integer     NOT NULL,
    expected      real        NOT NULL,
    day           date        NOT NULL,
    worst_quality smallint,
    reason        text CHECK (reason IN ('late', 'correction', 'rebuild', 'time zone')),
    PRIMARY KEY (point_id, bucket)
) PARTITION BY RANGE (bucket);
COMMENT ON COLUMN reading_hourly.bucket IS
    'the building''s clock hour: date_trunc(''hour'', time, zone). Where the clock is put by less than an hour, some of it may be another bucket''s';
COMMENT ON COLUMN reading_hourly.day IS 'the building''s day that the bucket begins in';
COMMENT ON COLUMN reading_hourly.count IS 'readings that are counted: good and uncertain; without any, the values are null';
COMMENT ON COLUMN reading_hourly.uncounted IS 'suspect and bad readings';
COMMENT ON COLUMN reading_hourly.sum IS 'no further than a number of this type goes';
COMMENT ON COLUMN reading_hourly.average IS 'of a point that reports on change: weighted by time, with what holds from before the bucket';
COMMENT ON COLUMN reading_hourly.weight_s IS 'of a point that reports on change: seconds for which a value is known; null for others';
COMMENT ON COLUMN reading_hourly.length_s IS 'seconds that belong to the bucket';
COMMENT ON COLUMN reading_hourly.expected IS 'length_s by the point''s interval_s, as it was when this was computed';
COMMENT ON COLUMN reading_hourly.worst_quality IS 'of all readings, as in reading.quality; the order is good, uncertain, suspect, bad; null without any';
COMMENT ON COLUMN reading_hourly.revision IS 'how often it has changed since it was first computed; reason says why, the last time';

CREATE TABLE reading_daily (
    computed_at   timestamptz NOT NULL,
    average       double precision,
    min           double precision,
    max           double precision,
    sum           double precision,
    first         double precision,
    last          double precision,
    weight_s      double precision,
    point_id      integer     NOT NULL,
    day           date        NOT NULL,
    count         integer     NOT NULL,
    uncounted     integer     NOT NULL,
    revision      integer     NOT NULL DEFAULT 0,
    length_s      integer     NOT NULL,
    expected      real        NOT NULL,
    worst_quality smallint,
    reason        text CHECK (reason IN ('late', 'correction', 'rebuild', 'time zone')),
    PRIMARY KEY (point_id, day)
);
COMMENT ON TABLE reading_daily IS 'columns as in reading_hourly, of whose rows it is made; day is the building''s, of 23, 24 or 25 hours';

-- Makes the partition of the year that holds the given moment, UTC. Safe to call at once from many sessions.
CREATE FUNCTION create_reading_hourly_partition(moment timestamptz) RETURNS void LANGUAGE plpgsql
    SET timezone = 'UTC' SET datestyle = 'ISO' AS $$
DECLARE
    year_start timestamptz := date_trunc('year', moment);
    partition_name text := 'reading_hourly_' || to_char(year_start, 'YYYY');
    schema_id oid := (SELECT relnamespace FROM pg_class WHERE oid = 'reading_hourly'::regclass);
BEGIN
    -- Twice: without the lock, and again when it is ours. By a query, which takes a new snapshot.
    FOR attempt IN 1..2 LOOP
        IF EXISTS (
            SELECT FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
            WHERE inhparent = 'reading_hourly'::regclass AND relname = partition_name
        ) THEN
            RETURN;
        END IF;
        PERFORM pg_advisory_xact_lock(7201);
    END LOOP;
    -- A year whose table was detached is attached again.
    IF NOT EXISTS (SELECT FROM pg_class WHERE relname = partition_name AND relnamespace = schema_id) THEN
        EXECUTE format('CREATE TABLE %I (LIKE reading_hourly INCLUDING ALL)', partition_name);
    END IF;
    EXECUTE format(
        'ALTER TABLE reading_hourly ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        partition_name, year_start, year_start + interval '1 year');
END $$;

-- The clock hours of a zone that have a part in [since, until), each with the time that is its own: [bucket, bucket + 1 h), except
-- where the clock is put by less than an hour, as Lord Howe does twice a year.
CREATE FUNCTION local_hours(since timestamptz, until timestamptz, zone text)
    RETURNS TABLE (bucket timestamptz, starts_at timestamptz, ends_at timestamptz) LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
    moment timestamptz := since;
    inside timestamptz;
    outside timestamptz;
    middle timestamptz;
BEGIN
    WHILE moment < until LOOP
        bucket := date_trunc('hour', moment, zone);
        starts_at := bucket;
        ends_at := bucket + interval '1 hour';
        IF date_trunc('hour', starts_at, zone) <> bucket THEN
            -- The clock was put after this: the first moment of the bucket is found by halving, to the microsecond.
            outside := starts_at;
            inside := moment;
            WHILE inside - outside > interval '1 microsecond' LOOP
                middle := outside + (inside - outside) / 2;
                IF date_trunc('hour', middle, zone) = bucket THEN inside := middle; ELSE outside := middle; END IF;
            END LOOP;
            starts_at := inside;
        END IF;
        IF date_trunc('hour', ends_at - interval '1 microsecond', zone) <> bucket THEN
            inside := moment;
            outside := ends_at;
            WHILE outside - inside > interval '1 microsecond' LOOP
                middle := inside + (outside - inside) / 2;
                IF date_trunc('hour', middle, zone) = bucket THEN inside := middle; ELSE outside := middle; END IF;
            END LOOP;
            ends_at := outside;
        END IF;
        RETURN NEXT;
        moment := ends_at;
    END LOOP;
END $$;

-- Sums are made of scaled values, so that they cannot overflow (2^32 readings fit into an hour, to the microsecond); a sum or average
-- that is too large for its type is the largest number that is not.
CREATE FUNCTION unscale(scaled double precision) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE
        WHEN abs(scaled) < 2::double precision ^ 984 THEN scaled * 2::double precision ^ 40
        ELSE sign(scaled) * 1.7976931348623157e308::double precision
    END;

-- A day of a zone: its first and last clock hour, and the seconds that belong to it. Near midnight the clock is sometimes put back into
-- the day before: not all hours between the two need be the day's.
CREATE FUNCTION local_day(day date, zone text, OUT first_bucket timestamptz, OUT last_bucket timestamptz, OUT length_s integer)
    LANGUAGE sql STABLE STRICT AS $$
    SELECT min(bucket), max(bucket), round(sum(extract(epoch FROM ends_at - starts_at)))::integer
    FROM local_hours((day::timestamp AT TIME ZONE zone) - interval '3 hours', ((day + 1)::timestamp AT TIME ZONE zone) + interval '3 hours', zone)
    WHERE (starts_at AT TIME ZONE zone)::date = day
$$;

-- The zone, or UTC when PostgreSQL does not know it: one such building must not hold up all others.
CREATE FUNCTION usable_time_zone(zone text) RETURNS text LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
    PERFORM now() AT TIME ZONE zone;
    RETURN zone;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN 'UTC';
END $$;

CREATE FUNCTION refuse_unknown_time_zone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF usable_time_zone(NEW.time_zone) <> NEW.time_zone THEN
        RAISE EXCEPTION 'time zone "%" of building "%" is not known', NEW.time_zone, NEW.name
            USING ERRCODE = 'check_violation', HINT = 'Give an IANA name, for example Europe/Amsterdam.';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER building_time_zone BEFORE INSERT OR UPDATE OF time_zone ON building
    FOR EACH ROW EXECUTE FUNCTION refuse_unknown_time_zone();

-- The zone that a building's roll-ups are made by, so that a change of it is seen.
CREATE TABLE roll_up_building (
    building_id uuid PRIMARY KEY REFERENCES building ON DELETE CASCADE,
    time_zone   text NOT NULL
);

CREATE VIEW readings_hourly AS
SELECT b.name AS building, f.name AS floor, z.name AS zone, s.name AS sensor, s.sensor_id, p.metric, p.unit,
       r.bucket, r.average AS avg, r.min, r.max, r.sum, r.count, r.first, r.last,
       least(1, coalesce(r.weight_s / r.length_s, r.count / r.expected)) AS coverage,
       CASE r.worst_quality WHEN 0 THEN 'good' WHEN 1 THEN 'uncertain' WHEN 2 THEN 'bad' WHEN 3 THEN 'suspect' END AS worst_quality,
       r.revision
FROM reading_hourly r
JOIN point p USING (point_id)
JOIN sensor s USING (sensor_id)
JOIN floor f USING (floor_id)
JOIN building b USING (building_id)
LEFT JOIN zone z ON z.zone_id = s.zone_id;

CREATE VIEW readings_daily AS
SELECT b.name AS building, f.name AS floor, z.name AS zone, s.name AS sensor, s.sensor_id, p.metric, p.unit,
       r.day AS bucket, r.average AS avg, r.min, r.max, r.sum, r.count, r.first, r.last,
       least(1, coalesce(r.weight_s / r.length_s, r.count / r.expected)) AS coverage,
       CASE r.worst_quality WHEN 0 THEN 'good' WHEN 1 THEN 'uncertain' WHEN 2 THEN 'bad' WHEN 3 THEN 'suspect' END AS worst_quality,
       r.revision
FROM reading_daily r
JOIN point p USING (point_id)
JOIN sensor s USING (sensor_id)
JOIN floor f USING (floor_id)
JOIN building b USING (building_id)
LEFT JOIN zone z ON z.zone_id = s.zone_id;

GRANT SELECT ON readings_hourly, readings_daily TO reader;

-- What is stored already is rolled up like what comes: every hour of the months that are there, for all points. And the next hours, too:
-- while a new build is rolled out, instances of the one before store readings and do not record them.
INSERT INTO reading_change (hour, points, cause)
SELECT hour, int4multirange(int4range(1, (SELECT max(point_id) FROM point), '[]')), 'late'
FROM (
    SELECT to_date(right(relname, 7), 'YYYY_MM')::timestamp AT TIME ZONE 'UTC' AS month
    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'reading'::regclass AND relname ~ '^reading_[0-9]{4}_[0-9]{2}$'
) AS stored
CROSS JOIN LATERAL generate_series(
    month,
    least(now() + interval '3 hours', (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC' - interval '1 hour'),
    interval '1 hour') AS hour
WHERE EXISTS (SELECT FROM point);
