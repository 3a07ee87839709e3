-- Whether the schema of this tool's history exists, and its table; the version of the table, and whether the role may upgrade it.
-- to_regclass would fail where the role may not use the schema.
-- layout: the value of the generated column of that name; 1 where there is none, empty where it is computed of others.
-- pg_get_expr is not told the table, as it would wait for who has it locked. may_be_upgraded: the role owns the table, and no
-- other session uses it, as pg_dump does for as long as it runs. With REPLICA IDENTITY FULL an UPDATE is refused where a generated
-- column is not published (CheckCmdReplicaIdentity in execReplication.c, PostgreSQL 18).
SELECT pg_catalog.to_regnamespace('leora_migrate') IS NOT NULL AS has_schema, h.layout IS NOT NULL AS has_table, h.layout,
       coalesce(h.may_be_upgraded, false) AS may_be_upgraded
FROM (VALUES (true)) one LEFT JOIN (
  SELECT coalesce((SELECT CASE WHEN a.attgenerated = 's' AND pg_catalog.strpos(d.adbin::text, '{VAR ') = 0
                               THEN pg_catalog.pg_get_expr(d.adbin, '0') ELSE '' END
                     FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                    WHERE a.attrelid = c.oid AND a.attname = 'layout' AND NOT a.attisdropped), '1') AS layout,
         pg_catalog.pg_has_role(c.relowner, 'USAGE') AND c.relreplident <> 'f'
           AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'relation' AND l.relation = c.oid
                             AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
                             AND l.database = (SELECT oid FROM pg_database WHERE datname = pg_catalog.current_database())) AS may_be_upgraded
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = 'leora_migrate' AND c.relname = 'migration' AND c.relkind = 'r') h ON true
