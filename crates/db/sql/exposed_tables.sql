-- Tables that Supabase's two public roles (anon, authenticated), or a role that they may become, may use without being
-- restricted by row-level security: it is off, it does not apply to the role, or the role may turn it off. Also through a
-- view with its owner's rights, and through a materialized view, whose copy no policy filters (manual, 41.5).
--
-- how is granted, owned, schema, database or view; through the name of the schema, database or view. The owner of the
-- schema may drop its tables (DROP TABLE), as may the database's owner where pg_database_owner owns the schema. Where it
-- is granted: to whom, or by which membership.
--
-- :'become' is the privilege on a role with which SET ROLE works: USAGE, SET, or MEMBER before 16.
WITH RECURSIVE public_role AS (
  SELECT r.rolname, m.oid, m.rolname AS role, m.rolsuper, m.rolsuper OR m.rolbypassrls AS bypasses, r.oid = m.oid AS itself,
    pg_catalog.quote_ident(m.rolname) || ' FROM '::text || r.rolname::text AS membership
  FROM pg_roles r JOIN pg_roles m ON pg_catalog.pg_has_role(r.oid, m.oid, :'become')
  WHERE r.rolname IN ('anon', 'authenticated') AND (NOT r.rolsuper OR r.oid = m.oid)
), shown(rolname, view, relation, acting, copied) AS (
  SELECT u.rolname, v.oid, v.oid, v.relowner, v.relkind = 'm'
  FROM public_role u CROSS JOIN pg_class v
  WHERE v.relkind IN ('v', 'm') AND v.oid >= '16384'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_options_to_table(v.reloptions) o
                     WHERE o.option_name = 'security_invoker' AND o.option_value::boolean)
    AND pg_catalog.has_schema_privilege(u.oid, v.relnamespace, 'USAGE')
    AND (pg_catalog.has_table_privilege(u.oid, v.oid, 'SELECT, INSERT, UPDATE, DELETE')
         OR pg_catalog.has_any_column_privilege(u.oid, v.oid, 'SELECT, INSERT, UPDATE'))
  UNION
  SELECT s.rolname, s.view, t.oid, CASE WHEN t.relkind IN ('v', 'm') THEN t.relowner ELSE s.acting END, s.copied OR t.relkind = 'm'
  FROM shown s JOIN pg_class v ON v.oid = s.relation AND v.relkind IN ('v', 'm')
  JOIN pg_rewrite w ON w.ev_class = v.oid
  JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass::oid AND d.objid = w.oid
   AND d.refclassid = 'pg_class'::regclass::oid AND d.refobjid <> v.oid
  JOIN pg_class t ON t.oid = d.refobjid
), found AS (
  SELECT c.relname, u.rolname, CASE WHEN u.itself AND c.relowner = u.oid THEN 'owned' ELSE 'granted' END AS how, NULL::text AS through,
    g.grantee, CASE WHEN NOT u.itself AND g.grantee IS NULL THEN u.membership END AS membership,
    CASE WHEN u.itself AND u.rolsuper THEN u.rolname::text END AS superuser
  FROM public_role u CROSS JOIN pg_class c
  LEFT JOIN LATERAL (
    SELECT CASE WHEN a.grantee = '0' THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS grantee
    FROM (SELECT c.relacl AS acl UNION ALL SELECT t.attacl FROM pg_attribute t WHERE t.attrelid = c.oid) x
    CROSS JOIN LATERAL pg_catalog.aclexplode(x.acl) a
    WHERE NOT u.rolsuper AND (a.grantee = '0' OR a.grantee <> c.relowner AND pg_catalog.pg_has_role(u.oid, a.grantee, 'USAGE'))
  ) g ON true
  WHERE c.relnamespace = :'schema'::regnamespace::oid AND c.relkind IN ('r', 'p')
    AND (NOT c.relrowsecurity OR u.bypasses OR c.relowner = u.oid
         OR NOT c.relforcerowsecurity AND pg_catalog.pg_has_role(u.oid, c.relowner, 'USAGE'))
    AND pg_catalog.has_schema_privilege(u.oid, c.relnamespace, 'USAGE')
    AND (pg_catalog.has_table_privilege(u.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
         OR pg_catalog.has_any_column_privilege(u.oid, c.oid, 'SELECT, INSERT, UPDATE'))
  UNION ALL
  SELECT c.relname, u.rolname, o.how, pg_catalog.quote_ident(o.name), NULL, NULL, NULL
  FROM public_role u JOIN pg_namespace n ON n.nspowner = u.oid JOIN pg_class c ON c.relnamespace = n.oid
  CROSS JOIN LATERAL (SELECT CASE u.role WHEN 'pg_database_owner' THEN 'database' ELSE 'schema' END AS how,
                             CASE u.role WHEN 'pg_database_owner' THEN pg_catalog.current_database() ELSE n.nspname END AS name) o
  WHERE n.oid = :'schema'::regnamespace::oid AND c.relkind IN ('r', 'p') AND NOT u.rolsuper
  UNION ALL
  SELECT c.relname, s.rolname, 'view', s.view::regclass::text, NULL, NULL, NULL
  FROM shown s JOIN pg_class c ON c.oid = s.relation AND c.relkind IN ('r', 'p') AND c.relnamespace = :'schema'::regnamespace::oid
  JOIN pg_roles o ON o.oid = s.acting
  WHERE s.copied OR NOT c.relrowsecurity OR o.rolsuper OR o.rolbypassrls
     OR NOT c.relforcerowsecurity AND pg_catalog.pg_has_role(o.oid, c.relowner, 'USAGE')
)
SELECT relname AS relation, pg_catalog.string_agg(DISTINCT rolname::text, ', ' ORDER BY rolname::text) AS roles,
  pg_catalog.max(found.how) AS how, through AS through, pg_catalog.string_agg(DISTINCT grantee, ', ' ORDER BY grantee) AS granted_to,
  pg_catalog.array_agg(DISTINCT membership) FILTER (WHERE membership IS NOT NULL) AS memberships,
  pg_catalog.string_agg(DISTINCT superuser, ', ' ORDER BY superuser) AS superusers
FROM found GROUP BY relname, through, found.how IN ('schema', 'database') ORDER BY relname, through NULLS FIRST, pg_catalog.max(found.how)
