-- Tables that inherit columns: children of a parent, with INHERITS or as partitions, and typed tables (OF type).
-- child is NULL where the child is in another schema. parent is NULL where the parent is in another schema or is a
-- partitioned table, whose partitions are not told.
SELECT CASE WHEN c.relnamespace = :'schema'::regnamespace::oid THEN h.inhrelid END AS child, h.inhparent::regclass::text AS parent_name,
       CASE WHEN p.relkind = 'r' AND p.relnamespace = :'schema'::regnamespace::oid THEN p.oid END AS parent, h.inhrelid::regclass::text AS child_name,
       NULL::text AS of_type
FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid JOIN pg_class p ON p.oid = h.inhparent
WHERE :'schema'::regnamespace::oid IN (c.relnamespace, p.relnamespace) AND c.relkind IN ('r', 'p', 'f')
UNION ALL
SELECT c.oid, NULL, NULL, NULL, c.reloftype::regtype::text
FROM pg_class c WHERE c.relnamespace = :'schema'::regnamespace::oid AND c.relkind IN ('r', 'p') AND c.reloftype <> '0'
