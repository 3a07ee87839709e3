-- What the current role may do with a table that records migrations, and whether reading it runs code. No row where there
-- is no such relation.
--
-- reads_no_code: it is a table without children; the planner has no expression of an index or of extended statistics to
-- evaluate (plancat.c), and no policy that applies calls a user-defined function.
SELECT c.relkind = 'r' AS is_table,
  c.relkind = 'r'
   AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))
   AND NOT EXISTS (SELECT FROM pg_statistic_ext s WHERE s.stxrelid = c.oid)
   AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = c.oid)
   AND NOT (pg_catalog.row_security_active(c.oid)
            AND EXISTS (SELECT FROM pg_policy p JOIN pg_depend d ON d.classid = 'pg_policy'::regclass::oid AND d.objid = p.oid
                         WHERE p.polrelid = c.oid AND d.refclassid = 'pg_proc'::regclass::oid)) AS reads_no_code,
  pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS may_use_schema, pg_catalog.has_table_privilege(c.oid, 'SELECT') AS may_select,
  pg_catalog.has_table_privilege(c.oid, 'INSERT') AS may_insert, pg_catalog.has_table_privilege(c.oid, 'UPDATE') AS may_update,
  EXISTS (SELECT FROM pg_subscription_rel s WHERE s.srrelid = c.oid) AS is_subscribed,
  ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  pg_catalog.quote_ident(current_user) AS role
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = :'schema_name' AND c.relname = :'table'
