-- The rules of tables and foreign tables (CREATE RULE).
SELECT w.ev_class AS relation, w.rulename AS name, w.ev_enabled AS enabled, pg_catalog.pg_get_ruledef(w.oid) AS definition
FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class
WHERE c.relnamespace = :'schema'::regnamespace::oid AND c.relkind IN ('r', 'p', 'f')
