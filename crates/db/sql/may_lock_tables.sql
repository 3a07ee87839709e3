-- Whether the role may LOCK TABLE all of :'tables' in a block of PL/pgSQL. That takes one of the privileges :'privileges' on
-- the whole table (LockTableAclCheck, lockcmds.c; MAINTAIN since 17), where a foreign key takes REFERENCES only.
SELECT EXISTS (SELECT FROM pg_language l WHERE l.lanname = 'plpgsql' AND pg_catalog.has_language_privilege(l.oid, 'USAGE'))
  AND NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname = :'schema_name' AND c.relname::text = ANY (:'tables'::text[])
                     AND NOT pg_catalog.has_table_privilege(c.oid, :'privileges')) AS may_lock
