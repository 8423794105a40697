-- What was measured, and what could not be stored.

-- Columns stand from wide to narrow, so that a row has no padding: 52 bytes, and about 30 in the index.
CREATE TABLE reading (
    time     timestamptz      NOT NULL,
    value    double precision NOT NULL,
    point_id integer          NOT NULL,
    quality  smallint         NOT NULL,
    PRIMARY KEY (point_id, time)
) PARTITION BY RANGE (time);
COMMENT ON COLUMN reading.quality IS '0 good, 1 uncertain, 2 bad, 3 suspect (outside the plausible range)';

-- Makes the partition of the month that holds the given moment, UTC. Safe to call at once from many sessions.
-- The table is made first and attached then: that locks out neither readers nor writers of reading, where
-- CREATE TABLE … PARTITION OF would wait for all of them and hold up those that come after.
CREATE FUNCTION create_reading_partition(moment timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    month_start timestamp := date_trunc('month', moment AT TIME ZONE 'UTC');
    partition_name text := 'reading_' || to_char(month_start, 'YYYY_MM');
BEGIN
    IF to_regclass(partition_name) IS NOT NULL THEN
        RETURN;
    END IF;
    -- 7201 is this schema's lock for partitions: two sessions that need the same month take turns.
    PERFORM pg_advisory_xact_lock(7201);
    -- By a query, which takes a new snapshot: to_regclass would answer from the cache that it filled above.
    IF EXISTS (
        SELECT FROM pg_class
        WHERE relname = partition_name AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'reading'::regclass)
    ) THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE reading INCLUDING ALL)', partition_name);
    EXECUTE format(
        'ALTER TABLE reading ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        partition_name,
        month_start AT TIME ZONE 'UTC',
        (month_start + interval '1 month') AT TIME ZONE 'UTC');
END $$;

-- How far each partition of a hub is stored, moved in the transaction that stores its readings. Delivery is at
-- least once; an event at or before this position was stored or dead-lettered already.
CREATE TABLE ingest_position (
    hub             text NOT NULL,
    partition_id    text NOT NULL,
    sequence_number bigint NOT NULL,
    enqueued_at     timestamptz NOT NULL,
    PRIMARY KEY (hub, partition_id)
);

CREATE TABLE dead_letter (
    dead_letter_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at     timestamptz NOT NULL DEFAULT now(),
    hub             text NOT NULL,
    partition_id    text NOT NULL,
    sequence_number bigint NOT NULL,
    enqueued_at     timestamptz NOT NULL,
    gateway_id      text,
    batch_id        text,
    reason          text NOT NULL,
    detail          text NOT NULL,
    readings        integer NOT NULL CHECK (readings > 0),
    content         bytea NOT NULL
);
COMMENT ON COLUMN dead_letter.readings IS 'how many values it stands for; 1 for an event that cannot be read at all';
COMMENT ON COLUMN dead_letter.content IS 'the bytes of the event, or of the reading within it';
CREATE INDEX dead_letter_gateway ON dead_letter (gateway_id, dead_letter_id);

-- Per gateway and day (UTC, of arrival): sent = stored + duplicate + dead_lettered.
CREATE TABLE gateway_ledger (
    gateway_id    text   NOT NULL,
    day           date   NOT NULL,
    events        bigint NOT NULL,
    sent          bigint NOT NULL,
    stored        bigint NOT NULL,
    duplicate     bigint NOT NULL,
    dead_lettered bigint NOT NULL,
    PRIMARY KEY (gateway_id, day),
    CHECK (sent = stored + duplicate + dead_lettered)
) WITH (fillfactor = 70);
