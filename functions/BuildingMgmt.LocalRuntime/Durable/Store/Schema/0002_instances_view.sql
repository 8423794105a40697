-- What people read who ask why an orchestration does not go on.

CREATE FUNCTION durable.payload_text(payload bytea) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE get_byte(payload, 0)
        WHEN 0 THEN convert_from(substring(payload FROM 2), 'UTF8')
        ELSE format('(%s bytes, compressed)', octet_length(payload))
    END
$$;
COMMENT ON FUNCTION durable.payload_text IS 'the JSON of a payload; of one above 1 KiB, which is kept compressed, only its size';

CREATE VIEW durable.instances AS
SELECT h.name AS hub,
       i.id,
       i.name,
       i.version,
       CASE i.status
           WHEN 0 THEN 'Running' WHEN 1 THEN 'Completed' WHEN 3 THEN 'Failed' WHEN 5 THEN 'Terminated'
           WHEN 6 THEN 'Pending' WHEN 7 THEN 'Suspended' ELSE i.status::text
       END AS status,
       i.created_at,
       i.updated_at,
       i.ended_at,
       i.parent_id,
       w.worker,
       w.expires_at AS worker_lives_until,
       (SELECT count(*) FROM durable.work AS a WHERE a.instance = i.key) AS open_activities,
       (SELECT count(*) FROM durable.message AS m WHERE m.instance = i.key AND m.due_at <= now()) AS waiting_messages,
       (SELECT min(m.due_at) FROM durable.message AS m WHERE m.instance = i.key AND m.due_at > now()) AS next_timer,
       durable.payload_text(i.custom_status) AS custom_status,
       durable.payload_text(i.failure) AS failure,
       i.key
FROM durable.instance AS i
JOIN durable.hub AS h ON h.hub = i.hub
LEFT JOIN durable.worker AS w ON w.worker = i.owner;
COMMENT ON COLUMN durable.instances.worker IS 'who holds it in memory; null is nobody, and then the next one with room takes it when something is due';
