-- The domains of a schema, and those of other schemas that a column of the schema is of, one row for each CHECK; those
-- of extensions left out. 16384 is the first oid of a user's object (FirstNormalObjectId, transam.h).
SELECT CASE WHEN t.typnamespace = :'schema'::regnamespace::oid THEN t.typname::text ELSE pg_catalog.format_type(t.oid, NULL) END AS name,
       pg_catalog.format_type(t.typbasetype, t.typtypmod) AS type, t.typnotnull AS not_null, t.typdefault AS default_expression,
       k.conname AS check_name, pg_catalog.pg_get_constraintdef(k.oid) AS check_definition, k.convalidated AS check_is_valid
FROM pg_type t LEFT JOIN pg_constraint k ON k.contypid = t.oid AND k.contype = 'c'
WHERE t.typtype = 'd'
  AND (t.typnamespace = :'schema'::regnamespace::oid
       OR t.oid >= '16384' AND EXISTS (SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                                        WHERE a.atttypid = t.oid AND c.relnamespace = :'schema'::regnamespace::oid AND c.relkind IN ('r', 'p')))
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass::oid AND d.objid = t.oid AND d.deptype = 'e')
