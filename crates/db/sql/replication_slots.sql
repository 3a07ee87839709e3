-- The logical replication slots of the database. is_active: a session is connected to it. restart_bytes is the oldest
-- position in the WAL that it keeps; NULL where that WAL is lost.
SELECT s.slot_name AS name, s.active AS is_active, s.plugin AS plugin,
  pg_catalog.pg_wal_lsn_diff(s.restart_lsn, '0/0')::bigint AS restart_bytes
FROM pg_catalog.pg_get_replication_slots() s
WHERE s.slot_type = 'logical' AND s.datoid = (SELECT d.oid FROM pg_database d WHERE d.datname = pg_catalog.current_database())
ORDER BY name
