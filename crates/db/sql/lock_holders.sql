-- Sessions and prepared transactions that hold a lock, or wait for one in the queue, which conflicts with a lock that is
-- waited for: the advisory lock :'advisory' (empty: none), a mode of :'modes' on any table of the schema, or one of :'locks',
-- each a mode and a table: {AccessExclusiveLock a_table}. A row for each transaction, with what it holds rather than waits for.
-- What the role may not see of other sessions (pg_read_all_stats) is NULL.
--
-- The locks of a prepared transaction have no process, and the virtual transaction of the session that prepared it, or one
-- of their own after a restart (MarkAsPreparing, twophase.c): the lock on its own transaction id tells whose they are.
SELECT DISTINCT ON (l.virtualtransaction) l.pid AS pid, l.virtualtransaction AS transaction, coalesce(a.usename, p.owner) AS role,
       nullif(a.application_name, '') AS application, a.client_addr AS client_address,
       CASE WHEN l.pid IS NULL THEN 'prepared' WHEN a.backend_type = 'client backend' THEN a.state
            ELSE a.backend_type END AS state,
       extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(a.xact_start, p.prepared)) AS transaction_seconds,
       coalesce(p.gid, nullif(a.query, '')) AS query, l.mode AS mode, c.relname AS relation, NOT l.granted AS is_waiting,
       coalesce(a.backend_type = 'autovacuum worker', false) AS is_autovacuum
FROM pg_locks l
LEFT JOIN pg_class c ON c.oid = l.relation
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
LEFT JOIN (
  SELECT x.virtualtransaction, p.owner, p.prepared, p.gid
  FROM pg_prepared_xacts p
  JOIN pg_locks x ON x.transactionid = p.transaction AND x.pid IS NULL
) p ON l.pid IS NULL AND p.virtualtransaction = l.virtualtransaction
WHERE l.database = (SELECT oid FROM pg_database WHERE datname = pg_catalog.current_database())
  AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
  AND (l.locktype = 'advisory' AND l.classid = '0' AND l.objid::text = :'advisory' AND l.objsubid = 1
       OR l.locktype = 'relation' AND n.nspname = :'schema_name'
          AND (l.mode = ANY (:'modes'::text[]) OR l.mode || ' '::text || c.relname::text = ANY (:'locks'::text[])))
ORDER BY l.virtualtransaction, NOT l.granted
