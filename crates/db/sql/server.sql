-- The server, the database and the current role. One row.
-- schema_oid is NULL where the schema does not exist. schemas are those of users. bypasses_row_security: no policy applies
-- to the role (superuser or BYPASSRLS).
SELECT pg_catalog.current_setting('server_version_num') AS version_number, pg_catalog.current_setting('server_version') AS version,
       pg_catalog.current_database() AS database, d.oid AS database_oid, pg_catalog.pg_backend_pid() AS backend_pid,
       current_user AS role, r.rolsuper AS is_superuser, r.rolsuper OR r.rolbypassrls AS bypasses_row_security,
       pg_catalog.pg_is_in_recovery() AS is_in_recovery, pg_catalog.current_setting('transaction_read_only') = 'on'::text AS is_read_only,
       pg_catalog.current_setting('session_replication_role') AS session_replication_role, n.oid AS schema_oid,
       pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS may_create_schemas,
       coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false) AS may_use_schema,
       coalesce(pg_catalog.has_schema_privilege(n.oid, 'CREATE'), false) AS may_create_tables,
       (SELECT pg_catalog.array_agg(s.nspname ORDER BY s.nspname) FROM pg_namespace s
         WHERE s.nspname !~ '^pg_'::text AND s.nspname <> 'information_schema') AS schemas,
       pg_catalog.has_function_privilege('pg_catalog.pg_current_wal_lsn()', 'EXECUTE')
         AND pg_catalog.has_function_privilege('pg_catalog.pg_last_wal_replay_lsn()', 'EXECUTE') AS may_ask_wal_position
FROM pg_roles r JOIN pg_database d ON d.datname = pg_catalog.current_database() LEFT JOIN pg_namespace n ON n.nspname = :'schema_name'
WHERE r.rolname = current_user
