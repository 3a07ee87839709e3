-- Whether the schema of this tool's history exists, and its table.
-- to_regclass would fail where the role may not use the schema.
SELECT pg_catalog.to_regnamespace('leora_migrate') IS NOT NULL AS has_schema,
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'leora_migrate' AND c.relname = 'migration' AND c.relkind = 'r') AS has_table
