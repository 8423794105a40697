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
