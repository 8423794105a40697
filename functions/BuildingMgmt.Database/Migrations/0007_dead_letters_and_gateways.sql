-- Whose readings are stored is decided by the catalogue, so a user who may send, or no longer, is a change of it.
CREATE TRIGGER app_user_changed AFTER INSERT OR UPDATE OF username, active OR DELETE ON app_user
    FOR EACH STATEMENT EXECUTE FUNCTION raise_catalogue_version();
CREATE TRIGGER user_grant_changed AFTER INSERT OR UPDATE OR DELETE ON user_grant
    FOR EACH STATEMENT EXECUTE FUNCTION raise_catalogue_version();
