-- Code that is not PostgreSQL's own and runs when rows of this schema's tables are inserted, changed or deleted:
-- triggers, rules, and functions in CHECKs, defaults, generated columns, indexes, statistics, partition keys, policies,
-- rules, domains, casts and operators. One JSON object a row, which user_code_fingerprint.sql and code_run_by_writes.sql use too.
-- events has a bit for each of INSERT (1), UPDATE (2), DELETE (4) and reading (8). per_row: it runs for rows alone, not for a
-- statement that finds none. fills is the column whose default it is. sequences are those that it advances.
--
-- A function is trusted when it is in pg_catalog and belongs to the bootstrap superuser (oid 10), or is a member of an
-- extension and belongs to a superuser, and is in C (13) or internal (12), was parsed when it was created, or sets its
-- search_path. A trusted function must also be harmless with arguments that another role chose:
-- not volatile, but for a few that only make a value; not one that executes SQL or reads a type by name or oid
-- (query_to_xml and its kind, pg_input_is_valid, domain_in); of an extension's stable ones, none that returns rows
-- (crosstab and connectby of tablefunc execute SQL).
--
-- pg_depend has no rows for what initdb made (manual, pg_depend: pinned objects). Functions of other oids (16384 and above,
-- FirstNormalObjectId in transam.h) are followed through it to the tables; those of initdb are looked for in the stored
-- expressions (readfuncs.c: `:funcid`). What is in an index or a generated column is immutable by PostgreSQL's own rule.
WITH RECURSIVE member(root, oid, on_delete, on_update) AS (
  -- The tables, their partitions and children, and tables of other schemas that reference them.
  SELECT c.oid, c.oid, NULL::"char", NULL::"char" FROM pg_class c WHERE c.relnamespace = :'schema'::regnamespace::oid AND c.relkind IN ('r', 'p')
  UNION
  SELECT k.confrelid, k.conrelid, k.confdeltype, k.confupdtype
  FROM pg_constraint k JOIN pg_class r ON r.oid = k.confrelid
  WHERE k.contype = 'f' AND k.connamespace <> :'schema'::regnamespace::oid AND r.relnamespace = :'schema'::regnamespace::oid
  UNION
  SELECT m.root, h.inhrelid, m.on_delete, m.on_update FROM member m JOIN pg_inherits h ON h.inhparent = m.oid
), untrusted AS (
  SELECT p.oid
  FROM pg_proc p JOIN pg_roles o ON o.oid = p.proowner
  WHERE p.oid >= '16384' AND NOT (p.pronamespace = 'pg_catalog'::regnamespace::oid AND p.proowner = '10' AND p.provolatile <> 'v')
    AND NOT (o.rolsuper
             AND (p.provolatile = 'i' OR p.provolatile = 's' AND NOT p.proretset
                  OR p.proname OPERATOR(pg_catalog.~) '^(uuid_generate_v[1-5](mc)?|gen_random_(uuid|bytes)|gen_salt)$')
             -- The text of a function in SQL or PL/pgSQL means what the search_path of the session makes of it.
             AND (p.prolang IN ('12', '13') OR p.prosrc = ''
                  OR coalesce(pg_catalog.array_to_string(p.proconfig, ' '), '') OPERATOR(pg_catalog.~) '(^| )search_path=')
             AND EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass::oid AND e.objid = p.oid
                          AND e.refclassid = 'pg_extension'::regclass::oid AND e.deptype = 'e'))
), expression(classid, objid, tree) AS (
  SELECT 'pg_attrdef'::regclass::oid, d.oid, d.adbin::text FROM member m JOIN pg_attrdef d ON d.adrelid = m.oid
  UNION ALL
  SELECT 'pg_constraint'::regclass::oid, k.oid, k.conbin::text FROM pg_constraint k
  WHERE k.contype = 'c' AND (k.contypid <> '0' OR k.conrelid IN (SELECT m.oid FROM member m))
  UNION ALL
  SELECT 'pg_policy'::regclass::oid, p.oid, x.tree
  FROM member m JOIN pg_policy p ON p.polrelid = m.oid CROSS JOIN LATERAL (VALUES (p.polqual::text), (p.polwithcheck::text)) x(tree)
  WHERE pg_catalog.row_security_active(m.oid)
  UNION ALL
  SELECT 'pg_rewrite'::regclass::oid, w.oid, x.tree
  FROM member m JOIN pg_rewrite w ON w.ev_class = m.oid CROSS JOIN LATERAL (VALUES (w.ev_qual::text), (w.ev_action::text)) x(tree)
  UNION ALL
  SELECT 'pg_type'::regclass::oid, t.oid, t.typdefaultbin::text FROM pg_type t WHERE t.typdefaultbin IS NOT NULL
  UNION ALL
  -- Expressions came with 14: the column stxexprs is read through to_jsonb, which has no key for it on 13.
  SELECT 'pg_statistic_ext'::regclass::oid, s.oid, pg_catalog.to_jsonb(s) ->> 'stxexprs'::text
  FROM member m JOIN pg_statistic_ext s ON s.stxrelid = m.oid
), tainted(function, classid, objid) AS (
  SELECT d.refobjid, d.classid, d.objid
  FROM untrusted u JOIN pg_depend d ON d.refclassid = 'pg_proc'::regclass::oid AND d.refobjid = u.oid
  WHERE d.classid IN ('pg_attrdef'::regclass::oid, 'pg_constraint'::regclass::oid, 'pg_class'::regclass::oid, 'pg_operator'::regclass::oid,
                      'pg_type'::regclass::oid, 'pg_cast'::regclass::oid, 'pg_amproc'::regclass::oid, 'pg_policy'::regclass::oid,
                      'pg_rewrite'::regclass::oid, 'pg_statistic_ext'::regclass::oid)
    AND d.deptype IN ('n', 'a', 'i')
  UNION
  SELECT p.oid, e.classid, e.objid
  FROM (
    SELECT f[1]::oid AS function, e.classid, e.objid
    FROM expression e CROSS JOIN LATERAL pg_catalog.regexp_matches(e.tree, ':(?:funcid|aggfnoid|winfnoid) ([0-9]+)', 'g') f
    UNION ALL
    -- User-defined operators, casts and the like can have PostgreSQL's own functions.
    SELECT o.oprcode::oid, 'pg_operator'::regclass::oid, o.oid FROM pg_operator o WHERE o.oid >= '16384'
    UNION ALL
    SELECT k.castfunc, 'pg_cast'::regclass::oid, k.oid FROM pg_cast k WHERE k.oid >= '16384'
    UNION ALL
    SELECT a.amproc::oid, 'pg_amproc'::regclass::oid, a.oid FROM pg_amproc a WHERE a.oid >= '16384'
    UNION ALL
    SELECT y.oid, 'pg_type'::regclass::oid, r.rngtypid
    FROM pg_range r CROSS JOIN LATERAL (VALUES (r.rngsubdiff::oid), (r.rngcanonical::oid)) y(oid) WHERE r.rngtypid >= '16384'
  ) e JOIN pg_proc p ON p.oid = e.function
  WHERE p.oid < '16384'
    AND (p.proowner <> '10' OR '2275'::oid = ANY (p.proargtypes::oid[])
         OR p.provolatile = 'v'
        AND p.proname NOT IN ('gen_random_uuid', 'uuidv4', 'uuidv7', 'random', 'random_normal', 'clock_timestamp', 'timeofday')
         -- All of pg_proc is read here; a regular expression for each row takes most of the time.
         OR pg_catalog.starts_with(p.proname::text, 'table_to_xml') OR pg_catalog.starts_with(p.proname::text, 'schema_to_xml')
         OR pg_catalog.starts_with(p.proname::text, 'database_to_xml') OR pg_catalog.starts_with(p.proname::text, 'pg_input_'))
  UNION
  SELECT t.function, x.classid, x.objid
  FROM tainted t CROSS JOIN LATERAL (
    SELECT d.classid, d.objid FROM pg_depend d
    WHERE t.classid IN ('pg_operator'::regclass::oid, 'pg_type'::regclass::oid, 'pg_opclass'::regclass::oid)
      AND d.refclassid = t.classid AND d.refobjid = t.objid AND d.deptype IN ('n', 'a', 'i')
      AND d.classid IN ('pg_attrdef'::regclass::oid, 'pg_constraint'::regclass::oid, 'pg_class'::regclass::oid, 'pg_type'::regclass::oid,
                        'pg_amop'::regclass::oid, 'pg_policy'::regclass::oid, 'pg_rewrite'::regclass::oid, 'pg_statistic_ext'::regclass::oid)
    UNION ALL
    SELECT 'pg_type'::regclass::oid, k.contypid FROM pg_constraint k
    WHERE t.classid = 'pg_constraint'::regclass::oid AND k.oid = t.objid AND k.contypid <> '0'
    UNION ALL
    SELECT 'pg_type'::regclass::oid, y.oid FROM pg_cast k CROSS JOIN LATERAL (VALUES (k.castsource), (k.casttarget)) y(oid)
    WHERE t.classid = 'pg_cast'::regclass::oid AND k.oid = t.objid
    UNION ALL
    -- The trials compare keys by `=`, found by the search_path.
    SELECT 'pg_type'::regclass::oid, y.oid FROM pg_operator o CROSS JOIN LATERAL (VALUES (o.oprleft), (o.oprright)) y(oid)
    WHERE t.classid = 'pg_operator'::regclass::oid AND o.oid = t.objid AND o.oprname = '=' AND o.oprnamespace = :'schema'::regnamespace::oid
    UNION ALL
    SELECT 'pg_opclass'::regclass::oid, o.oid FROM pg_amproc a JOIN pg_opclass o ON o.opcfamily = a.amprocfamily
    WHERE t.classid = 'pg_amproc'::regclass::oid AND a.oid = t.objid
    UNION ALL
    SELECT 'pg_opclass'::regclass::oid, o.oid FROM pg_amop a JOIN pg_opclass o ON o.opcfamily = a.amopfamily
    WHERE t.classid = 'pg_amop'::regclass::oid AND a.oid = t.objid
    UNION ALL
    SELECT 'pg_class'::regclass::oid, y.typrelid FROM pg_type y
    WHERE t.classid = 'pg_type'::regclass::oid AND y.oid = t.objid AND y.typrelid <> '0'
    UNION ALL
    SELECT 'pg_type'::regclass::oid, c.reltype FROM pg_class c
    WHERE t.classid = 'pg_class'::regclass::oid AND c.oid = t.objid AND c.relkind IN ('r', 'p', 'c')
  ) x
), runs(function, relation, classid, objid, per_row, events, fills) AS (
  -- A default is not taken where a value is given, but by ON DELETE SET DEFAULT.
  SELECT t.function, d.adrelid, t.classid, t.objid, true, 7,
    CASE WHEN a.attgenerated = '' AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = d.adrelid AND k.contype = 'f'
                                                   AND 'd' IN (k.confdeltype, k.confupdtype) AND d.adnum = ANY (k.conkey))
         THEN a.attname END
  FROM tainted t JOIN pg_attrdef d ON t.classid = 'pg_attrdef'::regclass::oid AND d.oid = t.objid
  JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  UNION ALL
  SELECT t.function, k.conrelid, t.classid, t.objid, true, 7, NULL
  FROM tainted t JOIN pg_constraint k ON t.classid = 'pg_constraint'::regclass::oid AND k.oid = t.objid
  UNION ALL
  SELECT t.function, c.oid, t.classid, t.objid, c.relkind = 'r', CASE c.relkind WHEN 'r' THEN 7 ELSE 15 END, NULL
  FROM tainted t JOIN pg_class c ON t.classid = 'pg_class'::regclass::oid AND c.oid = t.objid AND c.relkind IN ('r', 'p')
  UNION ALL
  -- The planner evaluates what is constant in these three for every statement on the table, rows or none (plancat.c).
  SELECT t.function, i.indrelid, t.classid, t.objid, false, 15, NULL
  FROM tainted t JOIN pg_index i ON t.classid = 'pg_class'::regclass::oid AND i.indexrelid = t.objid
  UNION ALL
  SELECT t.function, s.stxrelid, t.classid, t.objid, false, 15, NULL
  FROM tainted t JOIN pg_statistic_ext s ON t.classid = 'pg_statistic_ext'::regclass::oid AND s.oid = t.objid
  UNION ALL
  SELECT t.function, p.polrelid, t.classid, t.objid, false, 15, NULL
  FROM tainted t JOIN pg_policy p ON t.classid = 'pg_policy'::regclass::oid AND p.oid = t.objid
  WHERE pg_catalog.row_security_active(p.polrelid)
  UNION ALL
  SELECT t.function, w.ev_class, t.classid, t.objid, false, CASE w.ev_type WHEN '2' THEN 2 WHEN '3' THEN 1 WHEN '4' THEN 4 ELSE 7 END, NULL
  FROM tainted t JOIN pg_rewrite w ON t.classid = 'pg_rewrite'::regclass::oid AND w.oid = t.objid
  WHERE w.ev_enabled <> 'D'
), code(root, kind, name, owner, relation, per_row, events, fills, sequences) AS (
  SELECT m.root, 'function', pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
    p.proowner::regrole::text, m.oid, r.per_row OR m.on_delete IS NOT NULL, CASE WHEN m.on_delete IS NULL THEN r.events ELSE 6 END, r.fills,
    (SELECT pg_catalog.string_agg(s.oid::regclass::text, ', ' ORDER BY s.oid) FROM pg_depend d JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
      WHERE d.classid = r.classid AND d.objid = r.objid AND d.refclassid = 'pg_class'::regclass::oid)
  FROM runs r JOIN member m ON m.oid = r.relation AND (m.on_delete IS NULL OR NOT r.per_row)
  JOIN pg_proc p ON p.oid = r.function JOIN pg_namespace n ON n.oid = p.pronamespace
  UNION ALL
  -- pg_trigger.h: 1 is ROW, 4 INSERT, 8 DELETE, 16 UPDATE. Of a table that references this one from elsewhere no row is
  -- made, so only what fires for statements does.
  SELECT m.root, 'trigger', pg_catalog.format('"%s"', pg_catalog.replace(t.tgname::text, '"', '""')), NULL, m.oid, m.on_delete IS NOT NULL OR t.tgtype::integer & 1 = 1, x.events, NULL, NULL
  FROM member m JOIN pg_trigger t ON t.tgrelid = m.oid
  CROSS JOIN LATERAL (SELECT CASE
    WHEN m.on_delete IS NULL THEN (CASE WHEN t.tgtype::integer & 4 <> 0 THEN 1 ELSE 0 END)
                                | (CASE WHEN t.tgtype::integer & 16 <> 0 THEN 2 ELSE 0 END)
                                | (CASE WHEN t.tgtype::integer & 8 <> 0 THEN 4 ELSE 0 END)
    WHEN t.tgtype::integer & 1 = 1 THEN 0
    ELSE (CASE WHEN m.on_update IN ('c', 'n', 'd') AND t.tgtype::integer & 16 <> 0 THEN 2 ELSE 0 END)
       | (CASE WHEN m.on_delete = 'c' AND t.tgtype::integer & 8 <> 0 OR m.on_delete IN ('n', 'd') AND t.tgtype::integer & 16 <> 0 THEN 4 ELSE 0 END)
    END AS events) x
  WHERE NOT t.tgisinternal AND x.events <> 0
    AND t.tgenabled IN ('A'::"char", CASE pg_catalog.current_setting('session_replication_role') WHEN 'replica' THEN 'R'::"char" ELSE 'O'::"char" END)
  UNION ALL
  -- pg_rewrite.ev_type: 2 is UPDATE, 3 INSERT, 4 DELETE. DO INSTEAD NOTHING does nothing that could not be undone.
  SELECT m.root, 'rule', pg_catalog.format('"%s"', pg_catalog.replace(w.rulename::text, '"', '""')), NULL, m.oid, m.on_delete IS NOT NULL, x.events, NULL, NULL
  FROM member m JOIN pg_rewrite w ON w.ev_class = m.oid
  CROSS JOIN LATERAL (SELECT CASE
    WHEN m.on_delete IS NULL THEN CASE w.ev_type WHEN '2' THEN 2 WHEN '3' THEN 1 WHEN '4' THEN 4 ELSE 0 END
    ELSE (CASE WHEN m.on_update IN ('c', 'n', 'd') AND w.ev_type = '2' THEN 2 ELSE 0 END)
       | (CASE WHEN m.on_delete = 'c' AND w.ev_type = '4' OR m.on_delete IN ('n', 'd') AND w.ev_type = '2' THEN 4 ELSE 0 END)
    END AS events) x
  -- CASE, as PostgreSQL would print the rule of every view, and those of pg_settings, before it joins.
  WHERE x.events <> 0 AND CASE WHEN w.ev_type = '1' OR w.ev_class <> ALL (ARRAY(SELECT m.oid FROM member m)) THEN false ELSE pg_catalog.pg_get_ruledef(w.oid) OPERATOR(pg_catalog.!~) ' DO INSTEAD NOTHING;$' END
    AND w.ev_enabled IN ('A'::"char", CASE pg_catalog.current_setting('session_replication_role') WHEN 'replica' THEN 'R'::"char" ELSE 'O'::"char" END)
)
SELECT pg_catalog.json_build_object('table', c.relname, 'kind', k.kind, 'name', k.name, 'owner', k.owner,
         'on', CASE WHEN k.relation <> k.root THEN k.relation::regclass::text END, 'events', pg_catalog.bit_or(k.events),
         'per_row', pg_catalog.bool_and(k.per_row), 'fills', k.fills,
         'sequences', pg_catalog.string_agg(DISTINCT k.sequences, ', '))::text AS line
FROM code k JOIN pg_class c ON c.oid = k.root
GROUP BY c.relname, k.kind, k.name, k.owner, k.root, k.relation, k.fills
