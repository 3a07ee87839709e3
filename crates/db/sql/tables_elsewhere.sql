-- Tables of given names in other schemas than PostgreSQL's own, with the extension that made one. In psql:
-- \set tables '{Order,Customer}'
SELECT c.relname AS "table", n.nspname AS schema,
       (SELECT e.extname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
         WHERE d.classid = 'pg_class'::regclass::oid AND d.objid = c.oid AND d.objsubid = 0
           AND d.refclassid = 'pg_extension'::regclass::oid AND d.deptype = 'e') AS extension
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relname::text = ANY (:'tables'::text[]) AND n.nspname::text <> 'information_schema'
  AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_'::text)
ORDER BY n.nspname::text, c.relname::text
