-- Columns with storage PLAIN whose type would allow compression or out-of-line storage. A value that does not fit into a
-- page is refused (manual, 73.2: TOAST).
SELECT c.relname AS relation, a.attname AS name
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relnamespace = :'schema'::regnamespace::oid AND c.relkind IN ('r', 'p') AND a.attstorage = 'p' AND t.typstorage <> 'p'
  AND a.atttypmod = -1 AND t.typname <> 'numeric'
ORDER BY relation, name
