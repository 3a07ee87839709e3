-- The sessions that the server process :'pid', which waits, waits for. A prepared transaction has pid NULL.
-- What the role may not see of other sessions (pg_read_all_stats) is NULL.
SELECT nullif(b.pid, 0) AS pid, b.pid AS transaction, a.usename AS role, nullif(a.application_name, '') AS application,
       a.client_addr AS client_address, CASE WHEN a.backend_type = 'client backend' THEN a.state ELSE a.backend_type END AS state,
       extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start) AS transaction_seconds, nullif(a.query, '') AS query,
       coalesce(a.backend_type = 'autovacuum worker', false) AS is_autovacuum
FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids(:'pid'::integer)) b(pid) LEFT JOIN pg_stat_activity a ON a.pid = b.pid
