-- What has changed in the catalogue since a version, so that who holds it in memory reads that and not everything again.
--
-- Whoever changes the catalogue holds the one row of catalogue_version from then to the end of its transaction. So versions are
-- committed in their order, and who sees a version sees every change up to it, however long the transactions took.

ALTER TABLE catalogue_version ADD COLUMN stamp uuid NOT NULL DEFAULT gen_random_uuid();
COMMENT ON COLUMN catalogue_version.stamp IS
    'another one with each version: after a restore, a version that is reached again is not taken for the one of before';

-- The newest 10,000; who stands before them reads everything.
CREATE TABLE catalogue_change (
    version         bigint PRIMARY KEY,
    stamp           uuid NOT NULL,
    is_of_structure boolean NOT NULL,
    sensor_ids      uuid[]
);
COMMENT ON COLUMN catalogue_change.is_of_structure IS 'buildings, floors, gateways or users are others';
COMMENT ON COLUMN catalogue_change.sensor_ids IS 'sensors that came, went, or are others, also in their points or their zone; null when too many to name';
INSERT INTO catalogue_change (version, stamp, is_of_structure) SELECT version, stamp, true FROM catalogue_version;

CREATE FUNCTION record_catalogue_change(structure boolean, sensors uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    next catalogue_version;
BEGIN
    UPDATE catalogue_version SET version = version + 1, stamp = gen_random_uuid() RETURNING * INTO next;
    INSERT INTO catalogue_change (version, stamp, is_of_structure, sensor_ids)
    VALUES (next.version, next.stamp, structure, CASE WHEN cardinality(sensors) <= 2000 THEN sensors END);
    IF next.version % 100 = 0 THEN
        DELETE FROM catalogue_change WHERE version <= next.version - 10000;
    END IF;
END $$;

-- Of building, floor, gateway, app_user and user_grant: they are few, and read as a whole.
CREATE OR REPLACE FUNCTION raise_catalogue_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM record_catalogue_change(true, '{}');
    RETURN NULL;
END $$;

-- Of sensor and point. An update that changes nothing, as of a repeated import, is none.
CREATE FUNCTION record_sensor_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed uuid[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        changed := ARRAY(SELECT DISTINCT sensor_id FROM new_rows);
    ELSIF TG_OP = 'DELETE' THEN
        changed := ARRAY(SELECT DISTINCT sensor_id FROM old_rows);
    ELSE
        changed := ARRAY(
            SELECT sensor_id FROM (TABLE new_rows EXCEPT TABLE old_rows) AS after
            UNION SELECT sensor_id FROM (TABLE old_rows EXCEPT TABLE new_rows) AS before);
    END IF;
    IF changed <> '{}' THEN
        PERFORM record_catalogue_change(false, changed);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION record_zone_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed uuid[] := ARRAY(SELECT sensor_id FROM (TABLE new_rows EXCEPT TABLE old_rows) AS after JOIN sensor USING (zone_id));
BEGIN
    IF changed <> '{}' THEN
        PERFORM record_catalogue_change(false, changed);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION record_catalogue_truncation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM record_catalogue_change(true, NULL);
    RETURN NULL;
END $$;

DROP TRIGGER sensor_changed ON sensor;
CREATE TRIGGER sensor_inserted AFTER INSERT ON sensor REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_sensor_change();
CREATE TRIGGER sensor_updated AFTER UPDATE ON sensor REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_sensor_change();
CREATE TRIGGER sensor_deleted AFTER DELETE ON sensor REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_sensor_change();
CREATE TRIGGER sensor_truncated AFTER TRUNCATE ON sensor
    FOR EACH STATEMENT EXECUTE FUNCTION record_catalogue_truncation();

DROP TRIGGER point_changed ON point;
CREATE TRIGGER point_inserted AFTER INSERT ON point REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_sensor_change();
CREATE TRIGGER point_updated AFTER UPDATE ON point REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_sensor_change();
CREATE TRIGGER point_deleted AFTER DELETE ON point REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_sensor_change();
CREATE TRIGGER point_truncated AFTER TRUNCATE ON point
    FOR EACH STATEMENT EXECUTE FUNCTION record_catalogue_truncation();

-- A zone that nobody is in is not seen.
DROP TRIGGER zone_changed ON zone;
CREATE TRIGGER zone_updated AFTER UPDATE ON zone REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION record_zone_change();
