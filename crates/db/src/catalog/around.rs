//! The questions about what stands around a schema: settings, rights, publications, and what reaches into it.

/// The questions about what stands around a schema, asked after [`super::OF_THE_SCHEMA`], in order.
pub const AROUND_IT: &[&str] = &[
    SETTINGS,
    EXPOSED,
    HELD,
    NAMELESS,
    SHORT_OF_RIGHTS,
    CRAMPED,
    FIRING_ORDER,
    BUSY,
    super::USER_CODE,
];

/// Settings kept for this database or any role in it, which a session starts with, some of the
/// server's own configuration, and the number of connections when it is none. What keeps a role from writing, or from
/// taking its time, matters where it may write. `statement_timeout` has been set by the time of asking, so its `source`
/// does not say whose it was: `reset_val`, what the connection began with, is the server's where nothing else set it.
const SETTINGS: &str = "\
SELECT s.setdatabase <> '0', CASE WHEN s.setrole <> '0' THEN s.setrole::regrole END, u.setting, false
FROM pg_db_role_setting s CROSS JOIN pg_catalog.unnest(s.setconfig) u(setting)
WHERE s.setdatabase IN ('0', (SELECT oid FROM pg_database WHERE datname = pg_catalog.current_database()))
  AND (s.setrole = '0' OR pg_catalog.split_part(u.setting, '=', 1) NOT IN ('default_transaction_read_only', 'statement_timeout')
       OR EXISTS (SELECT FROM pg_roles m JOIN pg_class c ON c.relnamespace = {schema} AND c.relkind IN ('r', 'p')
                   WHERE pg_catalog.pg_has_role(s.setrole, m.oid, '{becomes}')
                     AND (pg_catalog.has_table_privilege(m.oid, c.oid, 'INSERT, UPDATE, DELETE')
                          OR pg_catalog.has_any_column_privilege(m.oid, c.oid, 'INSERT, UPDATE'))))
UNION ALL
SELECT false, NULL, name || '=' || setting, true
FROM pg_settings
WHERE name IN ('session_replication_role', 'default_transaction_read_only', 'row_security')
  AND source IN ('configuration file', 'command line', 'environment variable')
UNION ALL
SELECT false, NULL, name || '=' || reset_val, true
FROM pg_settings
WHERE name = 'statement_timeout'
  AND NOT EXISTS (SELECT FROM pg_db_role_setting s CROSS JOIN pg_catalog.unnest(s.setconfig) u(setting)
                   WHERE s.setdatabase IN ('0', (SELECT oid FROM pg_database WHERE datname = pg_catalog.current_database()))
                     AND (s.setrole = '0' OR s.setrole = (SELECT oid FROM pg_roles WHERE rolname = session_user))
                     AND pg_catalog.split_part(u.setting, '=', 1) = name)
UNION ALL
SELECT true, NULL, 'CONNECTION LIMIT=0', false
FROM pg_database WHERE datname = pg_catalog.current_database() AND datconnlimit = 0";

/// The foreign keys of other schemas that hold rows of this one back, or may: at once, or by way of rows that are
/// deleted with them. One that sets NULL holds back where NULL is refused, be it by what is computed of it, in a column,
/// in an index that two rows may not share, in whether a row is in one, or in which partition takes it.
/// What a partition has from the table that it is of is said of that one. What CHECKs do with NULL is judged from
/// their texts, which are the last columns, with the columns that are set NULL.
/// PostgreSQL follows a foreign key as the owner of the table it is on (`ri_triggers.c`), so the owner needs the right
/// to delete or change its rows.
const HELD: &str = "\
WITH RECURSIVE reached(parent, held) AS (
  SELECT c.oid, c.oid FROM pg_class c WHERE c.relnamespace = {schema} AND c.relkind IN ('r', 'p')
  UNION
  SELECT k.conrelid, x.held FROM reached x JOIN pg_constraint k ON k.confrelid = x.parent
  WHERE k.contype = 'f' AND k.connamespace <> {schema} AND k.confdeltype = 'c' AND {enforced}
), found AS (
  SELECT p.relname, k.oid, k.conparentid, k.conrelid, k.conname,
    CASE WHEN k.confdeltype IN ('a', 'r') OR k.confdeltype IN ('n', 'd') AND (
           EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
                    AND (a.attnotnull OR k.confdeltype = 'd' AND a.atthasdef
                         OR EXISTS (SELECT FROM pg_type y WHERE y.oid = a.atttypid AND y.typtype = 'd'
                                     AND (y.typnotnull OR EXISTS (SELECT FROM pg_constraint h WHERE h.contypid = y.oid)))))
           OR EXISTS (SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indisunique AND {nulls_not_distinct}
                       AND i.indkey::smallint[] OPERATOR(pg_catalog.<@) k.conkey)
           OR EXISTS (SELECT FROM pg_index i JOIN pg_depend d ON d.classid = 'pg_class'::regclass::oid AND d.objid = i.indexrelid
                        AND d.refclassid = 'pg_class'::regclass::oid AND d.refobjid = k.conrelid AND d.refobjsubid = ANY (k.conkey::integer[])
                       WHERE i.indrelid = k.conrelid AND (i.indisunique OR i.indisexclusion)
                         AND NOT i.indkey::smallint[] OPERATOR(pg_catalog.&&) k.conkey
                         AND (i.indexprs IS NOT NULL OR pg_catalog.pg_get_expr(i.indpred, i.indrelid) OPERATOR(pg_catalog.!~) '^[(][^()]+ IS NOT NULL[)]$'))
           OR EXISTS (SELECT FROM pg_partitioned_table g
                       WHERE g.partrelid = k.conrelid AND g.partstrat <> 'h' AND g.partdefid = '0'
                         AND g.partattrs::smallint[] OPERATOR(pg_catalog.&&) k.conkey
                         AND NOT EXISTS (SELECT FROM pg_inherits n JOIN pg_class o ON o.oid = n.inhrelid
                                          WHERE n.inhparent = g.partrelid
                                            AND pg_catalog.pg_get_expr(o.relpartbound, o.oid) OPERATOR(pg_catalog.~) '[( ]NULL[,)]'))
           OR EXISTS (SELECT FROM pg_attribute a JOIN pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
                       JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass::oid AND d.refobjid = a.attrelid
                        AND d.refobjsubid = ANY (k.conkey::integer[])
                        AND (d.classid = 'pg_attrdef'::regclass::oid AND d.objid = e.oid
                             OR d.classid = 'pg_class'::regclass::oid AND d.objid = a.attrelid AND d.objsubid = a.attnum)
                       WHERE a.attrelid = k.conrelid AND a.attgenerated <> '' AND a.attnotnull))
         THEN 'holds' END AS holds,
    CASE WHEN k.confdeltype IN ('c', 'n', 'd') THEN CASE
         WHEN EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = k.conrelid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
                       AND t.tgtype::integer & CASE WHEN k.confdeltype = 'c' THEN 8 ELSE 16 END <> 0) THEN 'trigger'
         WHEN EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = k.conrelid AND w.ev_enabled IN ('O', 'A')
                       AND (k.confdeltype = 'c' AND w.ev_type = '4' OR k.confdeltype <> 'c' AND w.ev_type = '2')) THEN 'rule'
         WHEN EXISTS (SELECT FROM pg_class c JOIN pg_roles o ON o.oid = c.relowner WHERE c.oid = k.conrelid AND NOT o.rolsuper
                       AND NOT (pg_catalog.has_schema_privilege(o.oid, c.relnamespace, 'USAGE')
                                AND pg_catalog.has_table_privilege(o.oid, c.oid, 'SELECT')
                                AND pg_catalog.has_table_privilege(o.oid, c.oid, CASE WHEN k.confdeltype = 'c' THEN 'DELETE' ELSE 'UPDATE' END)))
         THEN 'rights' END END AS may,
    CASE WHEN k.confdeltype IN ('n', 'd') THEN
      (SELECT pg_catalog.array_agg(pg_catalog.pg_get_expr(h.conbin, h.conrelid) ORDER BY h.conname)
         FROM pg_constraint h WHERE h.conrelid = k.conrelid AND h.contype = 'c' AND h.conkey OPERATOR(pg_catalog.&&) k.conkey) END AS checks,
    (SELECT pg_catalog.array_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
      WHERE a.attrelid = k.conrelid AND a.attnum = ANY (coalesce({set_columns}, k.conkey))) AS emptied
  FROM reached x JOIN pg_constraint k ON k.confrelid = x.parent JOIN pg_class p ON p.oid = x.held
  WHERE k.contype = 'f' AND k.connamespace <> {schema} AND {enforced}
    AND (x.parent = x.held OR NOT EXISTS (SELECT FROM reached y WHERE y.parent = k.conrelid AND y.held = x.held AND k.confdeltype <> 'c'))
)
SELECT f.relname, f.conrelid::regclass, f.conname, coalesce(f.holds, f.may), CASE WHEN f.holds IS NULL THEN f.checks END, f.emptied FROM found f
WHERE (coalesce(f.holds, f.may) IS NOT NULL OR f.checks IS NOT NULL)
  AND NOT EXISTS (SELECT FROM found y WHERE y.oid = f.conparentid AND y.relname = f.relname
                   AND (coalesce(y.holds, y.may) IS NOT NULL OR y.checks IS NOT NULL))
ORDER BY 1, 3";

/// Tables whose changed and deleted rows are published, and cannot be told from each other: PostgreSQL
/// refuses to change and to delete them (manual, 31.1.1). So too where a publication chooses rows by a column that the
/// replica identity has not, or leaves one of it out (31.3, 31.4); `:varattno` is a column in the node tree of a condition.
const NAMELESS: &str = "\
SELECT c.relname, 'identity', pg_catalog.string_agg(pg_catalog.quote_ident(p.pubname), ', ' ORDER BY p.pubname)
FROM pg_publication p
CROSS JOIN pg_catalog.pg_get_publication_tables(p.pubname) t
JOIN pg_class c ON c.oid = t.relid
WHERE (p.pubupdate OR p.pubdelete) AND c.relnamespace = {schema}
  AND (c.relreplident = 'n'
       OR c.relreplident = 'd' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
       OR c.relreplident = 'i' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident))
GROUP BY c.relname
UNION ALL
SELECT x.relname, x.how, pg_catalog.quote_ident(x.pubname)
FROM (
  SELECT c.relname, p.pubname,
    CASE WHEN c.relreplident <> 'f' AND EXISTS (SELECT FROM pg_catalog.regexp_matches({row_filter}, ':varattno ([0-9]+)', 'g') f
                                                 WHERE f[1]::smallint <> ALL (n.named)) THEN 'rows'
         WHEN {column_list} IS NOT NULL
          AND (c.relreplident = 'f' OR NOT n.named OPERATOR(pg_catalog.<@) {column_list}) THEN 'columns' END AS how
  FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid JOIN pg_class c ON c.oid = r.prrelid
  CROSS JOIN LATERAL (
    SELECT coalesce((SELECT i.indkey::smallint[] FROM pg_index i
                      WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident END),
                    '{}') AS named
  ) n
  WHERE (p.pubupdate OR p.pubdelete) AND c.relnamespace = {schema} AND c.relreplident <> 'n'
) x
WHERE x.how IS NOT NULL
ORDER BY 1, 2, 3";

/// Tables that Supabase's two public roles, where they exist, or a role that they may become may use, and that no
/// row-level security keeps from them: it is off, or does not hold for the role, or the role may turn it off. So too
/// through a view that reads with its owner's rights, and through a materialized one, which keeps a copy that no policy
/// filters (manual, 41.5). To whom it is granted is told, where that is how they have it, and which membership gives it
/// otherwise. Who owns the schema, as the database's owner does that of `pg_database_owner`, may drop what is
/// in it (DROP TABLE).
const EXPOSED: &str = "\
WITH RECURSIVE public_role AS (
  SELECT r.rolname, m.oid, m.rolname AS role, m.rolsuper, m.rolsuper OR m.rolbypassrls AS bypasses, r.oid = m.oid AS itself,
    pg_catalog.quote_ident(m.rolname) || ' FROM '::text || r.rolname::text AS membership
  FROM pg_roles r JOIN pg_roles m ON pg_catalog.pg_has_role(r.oid, m.oid, '{becomes}')
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
  WHERE c.relnamespace = {schema} AND c.relkind IN ('r', 'p')
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
  WHERE n.oid = {schema} AND c.relkind IN ('r', 'p') AND NOT u.rolsuper
  UNION ALL
  SELECT c.relname, s.rolname, 'view', s.view::regclass::text, NULL, NULL, NULL
  FROM shown s JOIN pg_class c ON c.oid = s.relation AND c.relkind IN ('r', 'p') AND c.relnamespace = {schema}
  JOIN pg_roles o ON o.oid = s.acting
  WHERE s.copied OR NOT c.relrowsecurity OR o.rolsuper OR o.rolbypassrls
     OR NOT c.relforcerowsecurity AND pg_catalog.pg_has_role(o.oid, c.relowner, 'USAGE')
)
SELECT relname, pg_catalog.string_agg(DISTINCT rolname::text, ', ' ORDER BY rolname::text), pg_catalog.max(how), through,
  pg_catalog.string_agg(DISTINCT grantee, ', ' ORDER BY grantee), pg_catalog.array_agg(DISTINCT membership) FILTER (WHERE membership IS NOT NULL),
  pg_catalog.string_agg(DISTINCT superuser, ', ' ORDER BY superuser)
FROM found GROUP BY relname, through, how IN ('schema', 'database') ORDER BY relname, through NULLS FIRST, 3";

/// Rights that are not there: those of tables' owners, whom the application connects as and PostgreSQL follows foreign
/// keys as, and those of a role that a setting has sessions start as: all of them, or those of a role that may itself
/// write. Of a table's owner alone the setting is NULL.
const SHORT_OF_RIGHTS: &str = "\
WITH acting AS (
  SELECT c.oid AS relation, r.oid, NULL::boolean AS of_database, NULL::oid AS starting, NULL::text AS setting
  FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
  WHERE c.relnamespace = {schema} AND c.relkind IN ('r', 'p', 'S') AND NOT r.rolsuper
  UNION ALL
  SELECT c.oid, r.oid, s.setdatabase <> '0', s.setrole, u.setting
  FROM pg_db_role_setting s CROSS JOIN pg_catalog.unnest(s.setconfig) u(setting)
  JOIN pg_roles r ON 'role='::text || r.rolname::text = u.setting CROSS JOIN pg_class c
  WHERE s.setdatabase IN ('0', (SELECT oid FROM pg_database WHERE datname = pg_catalog.current_database()))
    AND c.relnamespace = {schema} AND c.relkind IN ('r', 'p') AND NOT r.rolsuper
    AND (s.setrole = '0' OR pg_catalog.pg_has_role(s.setrole, r.oid, '{becomes}')
                        AND pg_catalog.has_table_privilege(s.setrole, c.oid, 'INSERT, UPDATE, DELETE'))
)
SELECT 'r', c.relname, x.oid::regrole, pg_catalog.string_agg(p.privilege, ', ' ORDER BY p.n),
  x.of_database, CASE WHEN x.starting <> '0' THEN x.starting::regrole END, x.setting
FROM acting x JOIN pg_class c ON c.oid = x.relation AND c.relkind IN ('r', 'p')
CROSS JOIN (VALUES (1, 'SELECT'), (2, 'INSERT'), (3, 'UPDATE'), (4, 'DELETE')) p(n, privilege)
WHERE NOT pg_catalog.has_table_privilege(x.oid, c.oid, p.privilege)
GROUP BY c.relname, x.oid, x.of_database, x.starting, x.setting
UNION ALL
SELECT 'S', c.relname, x.oid::regrole, 'USAGE', NULL, NULL, NULL
FROM acting x JOIN pg_class c ON c.oid = x.relation AND c.relkind = 'S'
JOIN pg_depend d ON d.classid = 'pg_class'::regclass::oid AND d.objid = c.oid AND d.refobjsubid > 0 AND d.deptype = 'a'
WHERE NOT pg_catalog.has_sequence_privilege(x.oid, c.oid, 'USAGE, UPDATE')
UNION ALL
SELECT DISTINCT 'n', n.nspname, x.oid::regrole, 'USAGE',
  x.of_database, CASE WHEN x.starting <> '0' THEN x.starting::regrole END, x.setting
FROM acting x CROSS JOIN pg_namespace n
WHERE n.oid = {schema} AND NOT pg_catalog.has_schema_privilege(x.oid, n.oid, 'USAGE')
ORDER BY 7 NULLS FIRST, 5, 6, 1, 2, 3";

/// Columns whose values may be long, and are neither compressed nor moved out of the row: one that leaves it no room in a
/// page is refused (manual, 73.2).
const CRAMPED: &str = "\
SELECT c.relname, a.attname
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relnamespace = {schema} AND c.relkind IN ('r', 'p') AND a.attstorage = 'p' AND t.typstorage <> 'p'
  AND a.atttypmod = -1 AND t.typname <> 'numeric'
ORDER BY 1, 2";

/// The foreign keys in the order in which a delete fires them: by their triggers' names, as bytes
/// (`trigger.c`, `RelationBuildTriggers`; `name` compares so). 8 is the bit of DELETE (`pg_trigger.h`). The table is
/// compared as a number, which no index answers: for each foreign key to one table PostgreSQL would read all triggers of it.
const FIRING_ORDER: &str = "\
SELECT k.conrelid, k.conname
FROM pg_constraint k
JOIN pg_trigger t ON t.tgconstraint = k.oid AND t.tgrelid::bigint = k.confrelid::bigint AND t.tgtype::integer & 8 = 8
WHERE k.connamespace = {schema} AND k.contype = 'f'
ORDER BY t.tgname";

/// Relations that nobody else may read now.
const BUSY: &str = "\
SELECT DISTINCT relation FROM pg_locks
WHERE locktype = 'relation' AND mode = 'AccessExclusiveLock' AND granted AND pid <> pg_catalog.pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = pg_catalog.current_database())";
