-- Sessions that go on by refresh tokens. One row for each sign-in, however often it is refreshed.

CREATE TABLE refresh_session (
    session_id    uuid PRIMARY KEY,
    username      text NOT NULL REFERENCES app_user ON UPDATE CASCADE ON DELETE CASCADE,
    current_hash  bytea NOT NULL CHECK (octet_length(current_hash) = 32),
    previous_hash bytea CHECK (octet_length(previous_hash) = 32),
    rotated_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL
) WITH (fillfactor = 80);
COMMENT ON TABLE refresh_session IS 'a token names its session, so one that is neither the current nor the previous is known for a used one without being kept';
COMMENT ON COLUMN refresh_session.session_id IS 'random, and part of the token: whoever knows it can end the session';
COMMENT ON COLUMN refresh_session.current_hash IS 'SHA-256 of the secret of the token that is taken next';
COMMENT ON COLUMN refresh_session.rotated_at IS 'when the current token took the place of the previous one, or when the session began';
COMMENT ON COLUMN refresh_session.expires_at IS 'end of the current token';
-- Of a user whose password changes, or who signs in once more.
CREATE INDEX refresh_session_username ON refresh_session (username);

CREATE FUNCTION end_refresh_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM refresh_session WHERE username = NEW.username;
    RETURN NULL;
END $$;

-- Who changes a password because it was stolen must not leave the thief signed in.
CREATE TRIGGER app_user_sessions_end AFTER UPDATE OF password_hash, active ON app_user
    FOR EACH ROW WHEN (OLD.password_hash <> NEW.password_hash OR (OLD.active AND NOT NEW.active))
    EXECUTE FUNCTION end_refresh_sessions();
