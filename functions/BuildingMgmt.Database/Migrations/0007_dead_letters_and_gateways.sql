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
