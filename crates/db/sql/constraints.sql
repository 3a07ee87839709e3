-- The constraints of tables: primary keys, unique, foreign keys, CHECKs and exclusion constraints. PostgreSQL 13 and 14 have neither
-- ON DELETE SET NULL (columns) (15) nor NOT ENFORCED (18).
--
-- NOT NULL constraints (contype n) are told only where rows were not checked (NOT VALID), which pg_attribute.attnotnull
-- does not show; else the column has them. Constraint triggers (t) are in triggers.sql.
--
-- A foreign key to a partitioned table has a copy for each partition, on the same referencing table, whose parent
-- (conparentid) is the foreign key or another copy.
SELECT k.oid AS oid, k.conrelid AS relation, k.conname AS name, k.contype AS kind, k.condeferrable AS is_deferrable,
       k.condeferred AS is_deferred, k.convalidated AS is_valid, true AS is_enforced, nullif(k.conindid, '0') AS index,
       nullif(k.conparentid, '0') AS parent, k.conkey AS columns,
       CASE WHEN k.contype IN ('c', 'x', 'n') THEN pg_catalog.pg_get_constraintdef(k.oid) END AS definition,
       CASE WHEN k.contype = 'f' THEN k.confupdtype END AS on_update,
       CASE WHEN k.contype = 'f' THEN k.confdeltype END AS on_delete,
       NULL::smallint[] AS on_delete_columns,
       CASE WHEN k.contype = 'f' THEN k.confmatchtype END AS match,
       CASE WHEN k.contype = 'f' AND r.relnamespace = :'schema'::regnamespace::oid THEN r.oid END AS referenced,
       k.confkey AS referenced_columns,
       CASE WHEN k.contype = 'f' AND r.relnamespace <> :'schema'::regnamespace::oid THEN
         (SELECT n.nspname FROM pg_namespace n WHERE n.oid = r.relnamespace) END AS other_schema,
       CASE WHEN k.contype = 'f' AND r.relnamespace <> :'schema'::regnamespace::oid THEN r.relname END AS other_table,
       CASE WHEN k.contype = 'f' AND r.relnamespace <> :'schema'::regnamespace::oid THEN
         (SELECT pg_catalog.array_agg(a.attname ORDER BY u.n) FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY u(attnum, n)
            JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum) END AS other_columns
FROM pg_constraint k LEFT JOIN pg_class r ON r.oid = k.confrelid
WHERE k.connamespace = :'schema'::regnamespace::oid AND k.conrelid <> '0' AND k.contype <> 't' AND NOT (k.contype = 'n' AND k.convalidated)
