-- Every deadlock_timeout that a session of this database may have: this session's in milliseconds, and those of roles and of
-- the database as ALTER ... SET has them.
SELECT s.setting AS timeout FROM pg_settings s WHERE s.name = 'deadlock_timeout'
UNION ALL
SELECT pg_catalog.substr(c, pg_catalog.length('deadlock_timeout='::text) + 1) FROM pg_db_role_setting s, pg_catalog.unnest(s.setconfig) c
WHERE pg_catalog.starts_with(c, 'deadlock_timeout=')
  AND s.setdatabase IN ('0', (SELECT oid FROM pg_database WHERE datname = pg_catalog.current_database()))
