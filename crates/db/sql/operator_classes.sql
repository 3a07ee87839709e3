-- The operator classes that an index definition names: those that are no default, and user-defined defaults, which take
-- the place of PostgreSQL's own for the type (GetDefaultOpClass prefers an exact match). An extension's default is its
-- own types' default.
SELECT o.oid AS oid, CASE WHEN pg_catalog.pg_opclass_is_visible(o.oid) THEN pg_catalog.quote_ident(o.opcname)
                   ELSE o.opcnamespace::regnamespace::text || '.' || pg_catalog.quote_ident(o.opcname) END AS name
FROM pg_opclass o
WHERE NOT o.opcdefault
   OR o.opcnamespace <> 'pg_catalog'::regnamespace::oid
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_opclass'::regclass::oid AND d.objid = o.oid AND d.deptype = 'e')
