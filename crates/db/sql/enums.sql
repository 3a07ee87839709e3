-- The enum types of a schema with their labels in order, those of extensions left out.
SELECT t.typname AS name, pg_catalog.array_agg(e.enumlabel ORDER BY e.enumsortorder) AS labels
FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
WHERE t.typnamespace = :'schema'::regnamespace::oid
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass::oid AND d.objid = t.oid AND d.deptype = 'e')
GROUP BY t.oid, t.typname
