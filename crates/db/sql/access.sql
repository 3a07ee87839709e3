-- Who may use the tables of a schema, and who may use a table that the current role creates now. Rows of two kinds, sorted.
--
-- grant: the privileges of one grantee on tables that have one owner and the same ACL, or on one column of a table.
-- tables is NULL for a table that the current role creates now: the default privileges of all schemas take the place of
-- PostgreSQL's own, and those of the schema are added (get_user_default_acl, aclchk.c). Partitions are left out: they are
-- used through their table. The privileges of the owner are in the same list (manual, 5.8). class is PUBLIC, superuser, or
-- NULL. grantee is NULL where nobody has a privilege on the table. column_count is the number of columns of the table,
-- where the grant is on one of them.
--
-- role: a role that sessions act as and that may use the schema: login roles that may connect, roles that those may become
-- (logins), and the current role, without superusers; also the two public roles of Supabase. class is public, current, or
-- NULL. inherits has the grantees whose privileges it has. pg_read_all_data and pg_write_all_data (14) are among them, as
-- they need no grant.
--
-- :'become' is the privilege on a role with which SET ROLE works: USAGE, SET, or MEMBER before 16.
WITH role AS MATERIALIZED (
  SELECT oid, rolname, rolsuper, rolcanlogin FROM pg_roles
), alike AS MATERIALIZED (
  SELECT pg_catalog.array_agg(c.relname) AS tables, pg_catalog.min(c.oid) AS relation, c.relowner AS owner
  FROM pg_class c
  WHERE c.relnamespace = :'schema'::regnamespace::oid AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  GROUP BY c.relowner, c.relacl::text, CASE WHEN c.oid IN (SELECT attrelid FROM pg_attribute WHERE attacl IS NOT NULL) THEN c.oid END
), granted AS MATERIALIZED (
  SELECT a.relation, a.tables, a.owner, x.grantee, NULL::name AS on_column, x.privilege_type
  FROM alike a
  LEFT JOIN LATERAL pg_catalog.aclexplode(coalesce((SELECT c.relacl FROM pg_class c WHERE c.oid = a.relation), pg_catalog.acldefault('r', a.owner))) x ON true
  UNION ALL
  SELECT a.relation, a.tables, a.owner, x.grantee, t.attname, x.privilege_type
  FROM alike a JOIN pg_attribute t ON t.attrelid = a.relation AND t.attacl IS NOT NULL AND NOT t.attisdropped
  CROSS JOIN LATERAL pg_catalog.aclexplode(t.attacl) x
  UNION ALL
  SELECT NULL, NULL, me.oid, e.grantee, NULL, e.privilege_type
  FROM role me CROSS JOIN LATERAL pg_catalog.aclexplode(
    pg_catalog.array_cat(
      coalesce((SELECT d.defaclacl FROM pg_default_acl d WHERE d.defaclrole = me.oid AND d.defaclnamespace = '0' AND d.defaclobjtype = 'r'),
               pg_catalog.acldefault('r', me.oid)),
      (SELECT d.defaclacl FROM pg_default_acl d WHERE d.defaclrole = me.oid AND d.defaclnamespace = :'schema'::regnamespace::oid AND d.defaclobjtype = 'r'))) e
  WHERE me.rolname = current_user
), holder AS MATERIALIZED (
  SELECT r.oid, r.rolname, r.rolsuper FROM role r
  WHERE r.oid IN (SELECT grantee FROM granted) OR r.rolname IN ('pg_read_all_data', 'pg_write_all_data')
), login AS MATERIALIZED (
  SELECT r.oid, r.rolname FROM role r
  WHERE r.rolcanlogin AND NOT r.rolsuper AND r.rolname NOT IN ('anon', 'authenticated')
    AND pg_catalog.has_database_privilege(r.oid, pg_catalog.current_database(), 'CONNECT')
), acting AS MATERIALIZED (
  SELECT r.oid, r.rolname,
    CASE WHEN r.rolcanlogin THEN (CASE WHEN r.oid IN (SELECT oid FROM login) THEN ARRAY[r.rolname] END)
         ELSE (SELECT pg_catalog.array_agg(l.rolname ORDER BY l.rolname) FROM login l
                WHERE pg_catalog.pg_has_role(l.oid, r.oid, :'become')) END AS logins,
    CASE WHEN r.rolname IN ('anon', 'authenticated') THEN 'public' WHEN r.rolname = current_user THEN 'current' END AS class
  FROM role r WHERE NOT r.rolsuper
)
SELECT 'grant' AS kind, g.tables AS tables, (SELECT o.rolname FROM role o WHERE o.oid = g.owner) AS owner,
  CASE WHEN g.grantee = '0' THEN 'PUBLIC' WHEN h.rolsuper THEN 'superuser' END AS class, h.rolname AS grantee, g.on_column AS on_column,
  pg_catalog.array_agg(g.privilege_type) AS privileges,
  CASE WHEN g.on_column IS NOT NULL THEN
    (SELECT pg_catalog.count(*) FROM pg_attribute t WHERE t.attrelid = g.relation AND t.attnum > 0 AND NOT t.attisdropped) END AS column_count,
  NULL::name AS role, NULL::name[] AS logins, NULL::text[] AS inherits
FROM granted g LEFT JOIN holder h ON h.oid = g.grantee
GROUP BY g.relation, g.tables, g.owner, g.grantee, h.rolname, h.rolsuper, g.on_column
UNION ALL
SELECT 'role', NULL, NULL, a.class, NULL, NULL, NULL, NULL, a.rolname, a.logins,
  (SELECT pg_catalog.array_agg(h.rolname::text) FROM holder h WHERE h.oid <> a.oid AND pg_catalog.pg_has_role(a.oid, h.oid, 'USAGE'))
FROM acting a
WHERE (a.logins IS NOT NULL OR a.class IS NOT NULL) AND pg_catalog.has_schema_privilege(a.oid, :'schema'::regnamespace::oid, 'USAGE')
ORDER BY kind, tables, owner, grantee, on_column, logins, role
