-- The recorded runs of migrations of one schema, oldest first. Times are UTC, as text.
-- is_locked: a session holds the advisory lock :'lock', which keeps migrations apart. A run that says it is running and
-- does not hold it was cut off. :begun_here is a condition on a run that began on this database (in psql: \set begun_here true).
SELECT id AS id, name AS name, target_schema AS schema, state AS state, plan AS plan, steps_done AS steps_done,
       running_step AS running_step,
       pg_catalog.to_char(step_started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"') AS step_started_at, error AS error,
       tool_version AS tool_version, server_version AS server_version, applied_by AS applied_by, host AS host,
       pg_catalog.host(client_address) AS client_address,
       pg_catalog.to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"') AS started_at,
       pg_catalog.to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"') AS finished_at,
       extract(epoch FROM coalesce(finished_at, pg_catalog.clock_timestamp()) - started_at) AS seconds,
       pg_catalog.to_char(rolled_back_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"') AS rolled_back_at,
       rolled_back_by AS rolled_back_by, rolled_back_from AS rolled_back_from,
       EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = '0' AND objid = :'lock' AND objsubid = 1
                  AND granted AND database = (SELECT oid FROM pg_database WHERE datname = pg_catalog.current_database())) AS is_locked,
       NOT (:begun_here) AS from_publisher
FROM leora_migrate.migration WHERE target_schema = :'schema_name' ORDER BY migration.started_at, migration.id
