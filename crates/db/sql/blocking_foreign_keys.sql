-- Foreign keys in other schemas that can block a DELETE in this one, directly or through cascades.
-- ON DELETE SET NULL or SET DEFAULT blocks when the new value is rejected by: NOT NULL, a domain, a generated column, a
-- unique or exclusion constraint, an index expression or predicate, or partition bounds.
--
-- how: self, or what may block on the way: a trigger, a rule, or privileges that the owner of the referencing table lacks
-- (PostgreSQL follows a foreign key as that owner, ri_triggers.c). NULL where CHECKs decide: checks has their
-- expressions, cleared the columns that are set to NULL. What a partition has from its table is told of the table.
--
-- Columns that only newer versions have are read through to_jsonb, which has no key for them on older ones:
-- conenforced (18), indnullsnotdistinct and confdelsetcols (15).
WITH RECURSIVE reached(parent, held) AS (
  SELECT c.oid, c.oid FROM pg_class c WHERE c.relnamespace = :'schema'::regnamespace::oid AND c.relkind IN ('r', 'p')
  UNION
  SELECT k.conrelid, x.held FROM reached x JOIN pg_constraint k ON k.confrelid = x.parent
  WHERE k.contype = 'f' AND k.connamespace <> :'schema'::regnamespace::oid AND k.confdeltype = 'c' AND coalesce((pg_catalog.to_jsonb(k) ->> 'conenforced'::text)::boolean, true)
), found AS (
  SELECT p.relname, k.oid, k.conparentid, k.conrelid, k.conname,
    CASE WHEN k.confdeltype IN ('a', 'r') OR k.confdeltype IN ('n', 'd') AND (
           EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
                    AND (a.attnotnull OR k.confdeltype = 'd' AND a.atthasdef
                         OR EXISTS (SELECT FROM pg_type y WHERE y.oid = a.atttypid AND y.typtype = 'd'
                                     AND (y.typnotnull OR EXISTS (SELECT FROM pg_constraint h WHERE h.contypid = y.oid)))))
           OR EXISTS (SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indisunique AND (pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct'::text)::boolean
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
         THEN 'self' END AS holds,
    CASE WHEN k.confdeltype IN ('c', 'n', 'd') THEN CASE
         WHEN EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = k.conrelid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
                       AND t.tgtype::integer & CASE WHEN k.confdeltype = 'c' THEN 8 ELSE 16 END <> 0) THEN 'trigger'
         WHEN EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = k.conrelid AND w.ev_enabled IN ('O', 'A')
                       AND (k.confdeltype = 'c' AND w.ev_type = '4' OR k.confdeltype <> 'c' AND w.ev_type = '2')) THEN 'rule'
         WHEN EXISTS (SELECT FROM pg_class c JOIN pg_roles o ON o.oid = c.relowner WHERE c.oid = k.conrelid AND NOT o.rolsuper
                       AND NOT (pg_catalog.has_schema_privilege(o.oid, c.relnamespace, 'USAGE')
                                AND pg_catalog.has_table_privilege(o.oid, c.oid, 'SELECT')
                                AND pg_catalog.has_table_privilege(o.oid, c.oid, CASE WHEN k.confdeltype = 'c' THEN 'DELETE' ELSE 'UPDATE' END)))
         THEN 'privileges' END END AS may,
    CASE WHEN k.confdeltype IN ('n', 'd') THEN
      (SELECT pg_catalog.array_agg(pg_catalog.pg_get_expr(h.conbin, h.conrelid) ORDER BY h.conname)
         FROM pg_constraint h WHERE h.conrelid = k.conrelid AND h.contype = 'c' AND h.conkey OPERATOR(pg_catalog.&&) k.conkey) END AS checks,
    (SELECT pg_catalog.array_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
      WHERE a.attrelid = k.conrelid AND a.attnum = ANY (coalesce((
        SELECT pg_catalog.array_agg(e::smallint) FROM pg_catalog.jsonb_array_elements_text(nullif(pg_catalog.to_jsonb(k) -> 'confdelsetcols'::text, 'null')) e
      ), k.conkey))) AS cleared
  FROM reached x JOIN pg_constraint k ON k.confrelid = x.parent JOIN pg_class p ON p.oid = x.held
  WHERE k.contype = 'f' AND k.connamespace <> :'schema'::regnamespace::oid AND coalesce((pg_catalog.to_jsonb(k) ->> 'conenforced'::text)::boolean, true)
    AND (x.parent = x.held OR NOT EXISTS (SELECT FROM reached y WHERE y.parent = k.conrelid AND y.held = x.held AND k.confdeltype <> 'c'))
)
SELECT f.relname AS referenced, f.conrelid::regclass AS referencing, f.conname AS name, coalesce(f.holds, f.may) AS how,
  CASE WHEN f.holds IS NULL THEN f.checks END AS checks, f.cleared AS cleared
FROM found f
WHERE (coalesce(f.holds, f.may) IS NOT NULL OR f.checks IS NOT NULL)
  AND NOT EXISTS (SELECT FROM found y WHERE y.oid = f.conparentid AND y.relname = f.relname
                   AND (coalesce(y.holds, y.may) IS NOT NULL OR y.checks IS NOT NULL))
ORDER BY referenced, name
