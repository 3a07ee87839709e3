-- The tables that are locked when rows of some tables are inserted, changed and deleted, besides these, and how.
--
-- LOCK TABLE without ONLY locks partitions and children too (manual, LOCK). When a referenced row is deleted or its key
-- changed, the referencing table is changed (CASCADE, SET NULL, SET DEFAULT) or looked at (NO ACTION, RESTRICT); when a
-- referencing row is made, the referenced table is looked at. Looking is SELECT ... FOR KEY SHARE, which locks the table
-- ROW SHARE (ri_triggers.c). A foreign key to or from a partitioned table has a copy for each partition.
WITH RECURSIVE named AS (
  SELECT pg_catalog.to_regclass(t.name)::oid AS oid FROM pg_catalog.unnest(:'tables'::text[]) t(name)
), locked(oid) AS (
  SELECT n.oid FROM named n
  UNION
  SELECT h.inhrelid FROM locked l JOIN pg_inherits h ON h.inhparent = l.oid
), reached(oid, mode) AS (
  SELECT k.conrelid, CASE WHEN k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd') THEN 'RowExclusiveLock' ELSE 'RowShareLock' END
  FROM locked l JOIN pg_constraint k ON k.confrelid = l.oid AND k.contype = 'f'
  UNION
  SELECT k.confrelid, 'RowShareLock'
  FROM locked l JOIN pg_constraint k ON k.conrelid = l.oid AND k.contype = 'f'
)
SELECT x.oid::regclass AS "table", pg_catalog.min(x.mode) AS mode
FROM (SELECT l.oid, 'RowExclusiveLock' AS mode FROM locked l
      UNION ALL
      SELECT r.oid, r.mode FROM reached r WHERE r.oid NOT IN (SELECT l.oid FROM locked l WHERE l.oid IS NOT NULL)) x
WHERE x.oid NOT IN (SELECT n.oid FROM named n WHERE n.oid IS NOT NULL)
GROUP BY x.oid
ORDER BY mode, x.oid::regclass::text COLLATE "C"
