-- What the current role may do with :'tables' of a schema: alter them, which takes the owner's rights, and reference their
-- columns. Names are SQL, those of the columns aside. closed_columns may not be referenced by themselves.
SELECT c.relname AS "table", pg_catalog.quote_ident(c.relname) AS quoted, pg_catalog.quote_ident(o.rolname) AS owner,
       pg_catalog.pg_has_role(c.relowner, 'USAGE') AS may_alter, pg_catalog.has_table_privilege(c.oid, 'REFERENCES') AS may_reference,
       ARRAY(SELECT a.attname FROM pg_attribute a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'REFERENCES')) AS closed_columns
FROM pg_class c JOIN pg_roles o ON o.oid = c.relowner
WHERE c.relnamespace = :'schema'::regnamespace::oid AND c.relname::text = ANY (:'tables'::text[])
