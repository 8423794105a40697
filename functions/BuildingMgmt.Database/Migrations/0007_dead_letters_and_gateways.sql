-- Whose readings are stored is decided by the catalogue, so a user who may send, or no longer, is a change of it.
CREATE TRIGGER app_user_changed AFTER INSERT OR UPDATE OF username, active OR DELETE ON app_user
    FOR EACH STATEMENT EXECUTE FUNCTION raise_catalogue_version();
CREATE TRIGGER user_grant_changed AFTER INSERT OR UPDATE OR DELETE ON user_grant
    FOR EACH STATEMENT EXECUTE FUNCTION raise_catalogue_version();

-- What it takes to try a dead letter again.
ALTER TABLE dead_letter
    ADD COLUMN is_whole boolean NOT NULL DEFAULT false,
    ADD COLUMN is_posted boolean NOT NULL DEFAULT false,
    ADD COLUMN correction boolean NOT NULL DEFAULT false,
    ADD COLUMN bad_values bytea,
    ADD COLUMN content_encoding text,
    ADD COLUMN content_type text,
    ADD COLUMN device_id text,
    ADD COLUMN attempts integer NOT NULL DEFAULT 0,
    ADD COLUMN attempted_at timestamptz,
    ADD COLUMN replayed_at timestamptz,
    ADD COLUMN replayed_by text;
COMMENT ON COLUMN dead_letter.is_whole IS 'content is the event as it came, still packed; else it is one reading of it';
COMMENT ON COLUMN dead_letter.is_posted IS 'the event said that it was posted to the app';
COMMENT ON COLUMN dead_letter.correction IS 'the batch of the reading corrects; a whole event says that itself';
COMMENT ON COLUMN dead_letter.bad_values IS
    'which values of the content it stands for, a bit for each from the lowest of the first byte on; null when all';
COMMENT ON COLUMN dead_letter.device_id IS 'the device that sent it, by IoT Hub, where that is trusted';
COMMENT ON COLUMN dead_letter.attempts IS 'how often it was tried again in vain';
COMMENT ON COLUMN dead_letter.replayed_at IS 'when the last of its readings was stored; null while some are not';
-- What was kept before did not say how it was packed.
UPDATE dead_letter
SET is_whole = true, content_encoding = CASE WHEN substring(content FOR 2) = '\x1f8b' THEN 'gzip' END
WHERE reason IN ('unreadable event', 'too many bad readings');
UPDATE dead_letter SET is_posted = true WHERE gateway_id LIKE 'http:%';
-- Of what must go, what was stored after all goes first.
CREATE INDEX dead_letter_replayed ON dead_letter (dead_letter_id) WHERE replayed_at IS NOT NULL;

-- What was deleted of dead letters, as they are kept for a time and up to a size. One row for each purge, gateway and reason.
CREATE TABLE dead_letter_purge (
    purge_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    purged_at         timestamptz NOT NULL,
    why               text NOT NULL CHECK (why IN ('age', 'size')),
    gateway_id        text NOT NULL,
    reason            text NOT NULL,
    was_open          boolean NOT NULL,
    letters           bigint NOT NULL,
    readings          bigint NOT NULL,
    first_received_at timestamptz NOT NULL,
    last_received_at  timestamptz NOT NULL,
    UNIQUE (purged_at, why, gateway_id, reason, was_open)
);
COMMENT ON COLUMN dead_letter_purge.was_open IS 'its readings are lost; else they had been stored by a replay';

-- One row: how much is kept, as the purge last found it.
CREATE TABLE dead_letter_volume (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    letters     bigint NOT NULL,
    bytes       bigint NOT NULL,
    measured_at timestamptz NOT NULL
);

-- How each gateway's events come in.
CREATE TABLE gateway_state (
    gateway_id     text PRIMARY KEY,
    last_seen      timestamptz NOT NULL,
    recent_gaps_s  real[] NOT NULL DEFAULT '{}',
    last_sequence  bigint,
    other_sequence bigint
) WITH (fillfactor = 70);
COMMENT ON COLUMN gateway_state.last_seen IS 'when the hub accepted the last event';
COMMENT ON COLUMN gateway_state.recent_gaps_s IS
    'seconds between its last events, at most 15; events within a second count as one; their median is the usual interval';
COMMENT ON COLUMN gateway_state.other_sequence IS
    'where else its numbers may go on: an old batch that came again, or the count from before a restart';

-- Numbers that a gateway left out. At most 500 a gateway: the filled ones are forgotten first, then the oldest.
CREATE TABLE gateway_gap (
    gap_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gateway_id     text NOT NULL,
    first_sequence bigint NOT NULL,
    last_sequence  bigint NOT NULL,
    missing        int8multirange NOT NULL,
    noticed_at     timestamptz NOT NULL,
    filled_at      timestamptz
);
CREATE INDEX gateway_gap_gateway ON gateway_gap (gateway_id, gap_id);
COMMENT ON COLUMN gateway_gap.missing IS 'what of it has not come yet';

-- Where a gateway's numbers go on after a run of them, first to last without a hole.
--
-- Numbers above the last leave a gap. Numbers at or below it are a late batch where they fill a gap; else a batch that came again, or a
-- gateway that counts anew: one such number is remembered, and when its successor follows, the count goes on there, and the one
-- before is remembered instead. Neither is a gap.
CREATE FUNCTION follow_gateway_sequence(state gateway_state, run_first bigint, run_last bigint, seen_at timestamptz)
    RETURNS gateway_state LANGUAGE plpgsql AS $$
DECLARE
    before bigint := state.last_sequence;
    run int8range := int8range(run_first, run_last, '[]');
    has_filled boolean;
BEGIN
    IF before IS NULL OR run_first = before + 1 THEN
        state.last_sequence := run_last;
        RETURN state;
    END IF;

    IF run_first > before THEN
        IF state.other_sequence > before AND state.other_sequence < run_first THEN
            before := state.other_sequence;
            state.other_sequence := NULL;
        END IF;
        IF run_first > before + 1 THEN
            INSERT INTO gateway_gap (gateway_id, first_sequence, last_sequence, missing, noticed_at)
            VALUES (state.gateway_id, before + 1, run_first - 1, int8multirange(int8range(before + 1, run_first)), seen_at);
            DELETE FROM gateway_gap WHERE gap_id IN (
                SELECT gap_id FROM gateway_gap WHERE gateway_id = state.gateway_id
                ORDER BY filled_at IS NULL DESC, gap_id DESC OFFSET 500);
        END IF;
        state.last_sequence := run_last;
        RETURN state;
    END IF;

    UPDATE gateway_gap
    SET missing = missing - int8multirange(run), filled_at = CASE WHEN isempty(missing - int8multirange(run)) THEN seen_at END
    WHERE gateway_id = state.gateway_id AND filled_at IS NULL AND missing && run;
    has_filled := FOUND;
    IF run_last > before THEN
        state.last_sequence := run_last;
    ELSIF NOT has_filled AND (run_last > run_first OR state.other_sequence = run_first - 1) THEN
        state.last_sequence := run_last;
        state.other_sequence := before;
    ELSIF NOT has_filled THEN
        state.other_sequence := run_last;
    END IF;
    RETURN state;
END $$;

-- Records the events of a transaction. Gateways are given in the order in which all lock them; gaps and runs point to them, and are in
-- their order and then in that of arrival.
CREATE FUNCTION record_gateway_events(
    gateway_ids text[], first_seen timestamptz[], last_seen timestamptz[],
    gap_gateways integer[], gap_seconds real[], run_gateways integer[], run_firsts bigint[], run_lasts bigint[])
    RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    state gateway_state;
    gap integer := 1;
    run integer := 1;
    seconds real;
BEGIN
    FOR gateway IN 1..cardinality(gateway_ids) LOOP
        -- The row is made first, so that also the first event of a gateway finds something to lock.
        INSERT INTO gateway_state (gateway_id, last_seen) VALUES (gateway_ids[gateway], '-infinity') ON CONFLICT DO NOTHING;
        SELECT * INTO state FROM gateway_state WHERE gateway_id = gateway_ids[gateway] FOR UPDATE;

        seconds := CASE WHEN state.last_seen > '-infinity' THEN extract(epoch FROM first_seen[gateway] - state.last_seen) ELSE 0 END;
        IF seconds >= 1 THEN
            state.recent_gaps_s := state.recent_gaps_s || seconds;
        END IF;
        WHILE gap_gateways[gap] = gateway LOOP
            state.recent_gaps_s := state.recent_gaps_s || gap_seconds[gap];
            gap := gap + 1;
        END LOOP;
        WHILE run_gateways[run] = gateway LOOP
            state := follow_gateway_sequence(state, run_firsts[run], run_lasts[run], last_seen[gateway]);
            run := run + 1;
        END LOOP;

        UPDATE gateway_state AS stored
        SET last_seen = greatest(state.last_seen, record_gateway_events.last_seen[gateway]),
            recent_gaps_s = state.recent_gaps_s[greatest(1, cardinality(state.recent_gaps_s) - 14):],
            last_sequence = state.last_sequence,
            other_sequence = state.other_sequence
        WHERE stored.gateway_id = state.gateway_id;
    END LOOP;
END $$;

-- Seconds that usually lie between a gateway's events; null until three of them are known.
CREATE FUNCTION usual_interval_s(recent_gaps_s real[]) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN cardinality(recent_gaps_s) >= 3 THEN (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) FROM unnest(recent_gaps_s) AS gap) END
$$;
