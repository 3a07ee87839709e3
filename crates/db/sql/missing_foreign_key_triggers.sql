-- Foreign keys between plain tables that lack one of their triggers, or whose table says that it has none
-- (pg_class.relhastriggers is false, so that PostgreSQL does not look for them).
--
-- Each foreign key has four triggers, two on each table, that call the functions of its actions for each row
-- (ri_triggers.c); a copy for a partition has two, and is left out (conparentid). tgtype 5 is INSERT, 9 DELETE, 17 UPDATE
-- (pg_trigger.h). A foreign key that is NOT ENFORCED (18) has no triggers and is in the answer too. The triggers are
-- looked up by constraint, which pg_trigger_tgconstraint_index answers, whatever the planner expects of the conditions.
SELECT k.oid AS foreign_key
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid AND c.relkind = 'r' AND NOT c.relispartition
JOIN pg_class r ON r.oid = k.confrelid AND r.relkind = 'r'
CROSS JOIN (SELECT ARRAY['noaction', 'restrict', 'cascade', 'setnull', 'setdefault']) a(names)
CROSS JOIN LATERAL (SELECT pg_catalog.array_agg(p.proname::text || ' '::text || t.tgtype::text) AS calls
                      FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
                     WHERE t.tgconstraint = k.oid AND t.tgisinternal AND t.tgqual IS NULL AND t.tgattr::text = '') t
WHERE k.connamespace = :'schema'::regnamespace::oid AND k.contype = 'f' AND k.conparentid = '0'
  AND (t.calls IS NULL OR NOT c.relhastriggers OR NOT r.relhastriggers OR NOT t.calls OPERATOR(pg_catalog.@>) ARRAY[
       'RI_FKey_check_ins 5', 'RI_FKey_check_upd 17', 'RI_FKey_' || a.names[pg_catalog.strpos('arcnd', k.confdeltype::text)] || '_del 9',
       'RI_FKey_' || a.names[pg_catalog.strpos('arcnd', k.confupdtype::text)] || '_upd 17'])
