-- The indexes of a schema. PostgreSQL 15 has NULLS NOT DISTINCT.
-- expressions has the definition of every key, and is NULL where all keys are columns; only then is the index deparsed.
-- collation_names is NULL where all collations are "default".
--
-- is_used_for_checks is false where the catalog contradicts itself, so that PostgreSQL does not check the index: a table
-- with relhasindex = false; a primary key that is not unique; a constraint that is checked late and is not deferrable.
SELECT i.indexrelid AS oid, i.indrelid AS relation, c.relname AS name, m.amname AS method, i.indisunique AS is_unique,
       i.indisprimary AS is_primary, i.indisexclusion AS is_exclusion, i.indisvalid AS is_valid,
       i.indisready AND i.indislive AS is_ready, i.indnkeyatts AS key_count, i.indkey AS columns, i.indoption AS options,
       i.indclass AS operator_classes, i.indcollation AS collations, i.indnullsnotdistinct AS nulls_not_distinct,
       pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate,
       CASE WHEN i.indexprs IS NOT NULL THEN
         (SELECT pg_catalog.array_agg(pg_catalog.pg_get_indexdef(i.indexrelid, n, false) ORDER BY n)
            FROM pg_catalog.generate_series(1, i.indnkeyatts) n) END AS expressions,
       CASE WHEN NOT i.indcollation::oid[] OPERATOR(pg_catalog.<@) ARRAY[0, 100]::oid[] THEN
         i.indcollation::oid[]::regcollation[] END AS collation_names,
       t.relhasindex AND (i.indisunique OR NOT i.indisprimary)
         AND (i.indimmediate OR EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.condeferrable)) AS is_used_for_checks
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_am m ON m.oid = c.relam
WHERE c.relnamespace = :'schema'::regnamespace::oid
