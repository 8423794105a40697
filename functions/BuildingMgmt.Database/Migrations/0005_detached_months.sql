-- A month whose table was detached is attached again when a reading of it arrives: the table that has the month's name is not yet
-- the month's partition, and without one no reading of that month can be stored. Whether a month has its partition is told by the
-- bounds of what is attached, whatever its name.
--
-- So whoever detaches a month to keep it apart, and wants late readings to go elsewhere, also renames the table or moves it to
-- another schema: then the first late reading makes a new, empty partition, and both can be put together later. Nothing is lost
-- in either case.
--
-- Attaching locks out neither readers nor writers of reading. It reads the detached table once, to see that all rows are of its
-- month, and locks it meanwhile.
--
-- Bounds are read from their text, which PostgreSQL writes in the zone and style that are set.
CREATE OR REPLACE FUNCTION create_reading_partition(moment timestamptz) RETURNS void LANGUAGE plpgsql
    SET timezone = 'UTC' SET datestyle = 'ISO' AS $$
DECLARE
    month_start timestamptz := date_trunc('month', moment);
    month_end timestamptz := month_start + interval '1 month';
    partition_name text := 'reading_' || to_char(month_start, 'YYYY_MM');
    schema_id oid := (SELECT relnamespace FROM pg_class WHERE oid = 'reading'::regclass);
    attached regclass;
    is_leaving boolean;
BEGIN
    -- Twice: without the lock, which is all that it takes where the month is there, and again when it is ours. Always by a query,
    -- which takes a new snapshot: to_regclass would answer from a cache.
    FOR attempt IN 1..2 LOOP
        -- MINVALUE, MAXVALUE and DEFAULT stand without quotes.
        SELECT partition_id, inhdetachpending INTO attached, is_leaving
        FROM (
            SELECT inhrelid AS partition_id, inhdetachpending, pg_get_expr(relpartbound, inhrelid) AS bound
            FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
            WHERE inhparent = 'reading'::regclass
        ) AS partition
        WHERE bound <> 'DEFAULT'
            AND coalesce(substring(bound FROM 'FROM \(''([^'']*)''\)')::timestamptz, '-infinity') <= month_start
            AND coalesce(substring(bound FROM 'TO \(''([^'']*)''\)')::timestamptz, 'infinity') >= month_end;
        IF is_leaving THEN
            RAISE EXCEPTION 'partition "%" is being detached, so readings of its month cannot be stored', attached
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = format('When nobody is detaching it any more, end what was begun: ALTER TABLE reading DETACH PARTITION %s FINALIZE. '
                          'The next reading of the month attaches or makes its partition.', attached);
        ELSIF FOUND THEN
            RETURN;
        END IF;
        -- 7201 is this schema's lock for partitions: two sessions that need the same month take turns.
        PERFORM pg_advisory_xact_lock(7201);
    END LOOP;

    IF NOT EXISTS (SELECT FROM pg_class WHERE relname = partition_name AND relnamespace = schema_id) THEN
        EXECUTE format('CREATE TABLE %I (LIKE reading INCLUDING ALL)', partition_name);
    END IF;
    EXECUTE format('ALTER TABLE reading ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition_name, month_start, month_end);
EXCEPTION
    WHEN check_violation OR unique_violation OR not_null_violation OR datatype_mismatch OR wrong_object_type THEN
        RAISE EXCEPTION '"%" has the name of a month of readings and cannot be attached to "reading": %', partition_name, SQLERRM
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Rename it, or mend what is named here. Ingest tries again until one of both is done.';
    WHEN invalid_object_definition THEN
        RAISE EXCEPTION 'the month of "%" cannot be attached to "reading" as a whole: %', partition_name, SQLERRM
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Detach the partition that it overlaps, and attach it with bounds of whole months. Ingest tries again until this is done.';
END $$;
