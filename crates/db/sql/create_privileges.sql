-- What the current role needs to create objects in a schema and to keep the history of migrations. One row, names as SQL.
-- may_create_history_table is NULL where there is no schema for the history.
SELECT pg_catalog.quote_ident(current_user) AS role, pg_catalog.quote_ident(pg_catalog.current_database()) AS database,
       :'schema'::regnamespace::text AS schema,
       pg_catalog.has_schema_privilege(:'schema'::regnamespace::oid, 'CREATE')
         AND pg_catalog.has_schema_privilege(:'schema'::regnamespace::oid, 'USAGE') AS may_create,
       pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS may_create_schemas,
       (SELECT pg_catalog.has_schema_privilege(n.oid, 'CREATE') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
          FROM pg_namespace n WHERE n.nspname = 'leora_migrate') AS may_create_history_table
