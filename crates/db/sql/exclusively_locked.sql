-- Tables, views and foreign tables of a schema that another session holds ACCESS EXCLUSIVE now, so that nobody can read them.
SELECT DISTINCT l.relation AS relation
FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.granted AND l.pid <> pg_catalog.pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = pg_catalog.current_database())
  AND c.relnamespace = :'schema'::regnamespace::oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
