-- What exists: buildings, floors, zones, sensors, points, gateways, users.

CREATE TABLE building (
    building_id        uuid PRIMARY KEY,
    name               text NOT NULL UNIQUE CHECK (name <> ''),
    time_zone          text NOT NULL,
    raw_retention_days integer CHECK (raw_retention_days > 0)
);
COMMENT ON COLUMN building.time_zone IS 'IANA name, for example Europe/Amsterdam';
COMMENT ON COLUMN building.raw_retention_days IS 'null keeps raw readings for ever';

CREATE TABLE floor (
    floor_id    uuid PRIMARY KEY,
    building_id uuid NOT NULL REFERENCES building,
    name        text NOT NULL CHECK (name <> ''),
    UNIQUE (building_id, name)
);

CREATE TABLE zone (
    zone_id  uuid PRIMARY KEY,
    floor_id uuid NOT NULL REFERENCES floor,
    name     text NOT NULL CHECK (name <> ''),
    UNIQUE (floor_id, name)
);

CREATE TABLE sensor (
    sensor_id uuid PRIMARY KEY,
    floor_id  uuid NOT NULL REFERENCES floor,
    zone_id   uuid REFERENCES zone,
    name      text NOT NULL CHECK (name <> ''),
    type      text NOT NULL,
    status    text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'maintenance')),
    UNIQUE (floor_id, name)
);
CREATE INDEX sensor_zone_id ON sensor (zone_id) WHERE zone_id IS NOT NULL;

CREATE TABLE point (
    point_id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sensor_id   uuid NOT NULL REFERENCES sensor,
    metric      text NOT NULL CHECK (metric <> ''),
    unit        text NOT NULL DEFAULT '',
    plausible_min double precision,
    plausible_max double precision,
    interval_s  integer NOT NULL DEFAULT 60 CHECK (interval_s > 0),
    UNIQUE (sensor_id, metric)
);
COMMENT ON COLUMN point.interval_s IS 'seconds between two readings as expected; a latest value older than three of them is stale';

CREATE TABLE gateway (
    gateway_id  text PRIMARY KEY CHECK (gateway_id <> ''),
    building_id uuid NOT NULL REFERENCES building,
    secret_hash bytea NOT NULL,
    active      boolean NOT NULL DEFAULT true
);
COMMENT ON COLUMN gateway.secret_hash IS 'SHA-256 of a random secret of at least 128 bits';

CREATE TABLE app_user (
    username      text PRIMARY KEY CHECK (username <> ''),
    password_hash text NOT NULL,
    active        boolean NOT NULL DEFAULT true
);
COMMENT ON COLUMN app_user.password_hash IS 'Argon2id in PHC string format';

CREATE TABLE user_grant (
    grant_id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username    text NOT NULL REFERENCES app_user ON DELETE CASCADE,
    role        text NOT NULL CHECK (role IN ('viewer', 'operator', 'engineer', 'admin', 'ingest')),
    building_id uuid REFERENCES building,
    UNIQUE NULLS NOT DISTINCT (username, role, building_id)
);
COMMENT ON COLUMN user_grant.building_id IS 'null grants the role for all buildings';

-- One row. Every change of the catalogue raises the version, so that a cache learns of it by reading one number.
CREATE TABLE catalogue_version (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version  bigint NOT NULL
);
INSERT INTO catalogue_version (version) VALUES (1);

CREATE FUNCTION raise_catalogue_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE catalogue_version SET version = version + 1;
    RETURN NULL;
END $$;

CREATE TRIGGER building_changed AFTER INSERT OR UPDATE OR DELETE ON building
    FOR EACH STATEMENT EXECUTE FUNCTION raise_catalogue_version();
CREATE TRIGGER floor_changed AFTER INSERT OR UPDATE OR DELETE ON floor
    FOR EACH STATEMENT EXECUTE FUNCTION raise_catalogue_version();
CREATE TRIGGER zone_changed AFTER INSERT OR UPDATE OR DELETE ON zone
    FOR EACH STATEMENT EXECUTE FUNCTION raise_catalogue_version();
CREATE TRIGGER sensor_changed AFTER INSERT OR UPDATE OR DELETE ON sensor
    FOR EACH STATEMENT EXECUTE FUNCTION raise_catalogue_version();
CREATE TRIGGER point_changed AFTER INSERT OR UPDATE OR DELETE ON point
    FOR EACH STATEMENT EXECUTE FUNCTION raise_catalogue_version();
CREATE TRIGGER gateway_changed AFTER INSERT OR UPDATE OR DELETE ON gateway
    FOR EACH STATEMENT EXECUTE FUNCTION raise_catalogue_version();
