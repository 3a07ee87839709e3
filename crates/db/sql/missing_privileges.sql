-- Privileges that are missing: those of owners of tables, as whom the application connects and PostgreSQL follows foreign
-- keys; and those of a role that a setting (role=...) has sessions start as, all sessions or those of a role that may
-- write itself. setting is NULL for an owner. kind is r for a table, S for a sequence, n for the schema.
--
-- :'become' is the privilege on a role with which SET ROLE works: USAGE, SET, or MEMBER before 16.
WITH acting AS (
  SELECT c.oid AS relation, r.oid, NULL::boolean AS of_database, NULL::oid AS starting, NULL::text AS setting
  FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
  WHERE c.relnamespace = :'schema'::regnamespace::oid AND c.relkind IN ('r', 'p', 'S') AND NOT r.rolsuper
  UNION ALL
  SELECT c.oid, r.oid, s.setdatabase <> '0', s.setrole, u.setting
  FROM pg_db_role_setting s CROSS JOIN pg_catalog.unnest(s.setconfig) u(setting)
  JOIN pg_roles r ON 'role='::text || r.rolname::text = u.setting CROSS JOIN pg_class c
  WHERE s.setdatabase IN ('0', (SELECT oid FROM pg_database WHERE datname = pg_catalog.current_database()))
    AND c.relnamespace = :'schema'::regnamespace::oid AND c.relkind IN ('r', 'p') AND NOT r.rolsuper
    AND (s.setrole = '0' OR pg_catalog.pg_has_role(s.setrole, r.oid, :'become')
                        AND pg_catalog.has_table_privilege(s.setrole, c.oid, 'INSERT, UPDATE, DELETE'))
)
SELECT 'r' AS kind, c.relname AS name, x.oid::regrole AS role, pg_catalog.array_agg(p.privilege ORDER BY p.n) AS privileges,
  x.of_database AS of_database, CASE WHEN x.starting <> '0' THEN x.starting::regrole END AS of_role, x.setting AS setting
FROM acting x JOIN pg_class c ON c.oid = x.relation AND c.relkind IN ('r', 'p')
CROSS JOIN (VALUES (1, 'SELECT'), (2, 'INSERT'), (3, 'UPDATE'), (4, 'DELETE')) p(n, privilege)
WHERE NOT pg_catalog.has_table_privilege(x.oid, c.oid, p.privilege)
GROUP BY c.relname, x.oid, x.of_database, x.starting, x.setting
UNION ALL
SELECT 'S', c.relname, x.oid::regrole, ARRAY['USAGE'], NULL, NULL, NULL
FROM acting x JOIN pg_class c ON c.oid = x.relation AND c.relkind = 'S'
JOIN pg_depend d ON d.classid = 'pg_class'::regclass::oid AND d.objid = c.oid AND d.refobjsubid > 0 AND d.deptype = 'a'
WHERE NOT pg_catalog.has_sequence_privilege(x.oid, c.oid, 'USAGE, UPDATE')
UNION ALL
SELECT DISTINCT 'n', n.nspname, x.oid::regrole, ARRAY['USAGE'],
  x.of_database, CASE WHEN x.starting <> '0' THEN x.starting::regrole END, x.setting
FROM acting x CROSS JOIN pg_namespace n
WHERE n.oid = :'schema'::regnamespace::oid AND NOT pg_catalog.has_schema_privilege(x.oid, n.oid, 'USAGE')
ORDER BY setting NULLS FIRST, of_database, of_role, kind, name, role
