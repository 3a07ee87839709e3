-- User-defined triggers, and triggers of foreign keys that are not enabled as usual (tgenabled is not O).
-- foreign_key is NULL where the constraint is no foreign key of this schema: that of a table elsewhere which references
-- one of this schema, or a deferrable unique constraint.
SELECT t.tgrelid AS relation, t.tgname AS name, t.tgisinternal AS is_internal, t.tgenabled AS enabled,
       (SELECT k.oid FROM pg_constraint k
         WHERE k.oid = t.tgconstraint AND k.contype = 'f' AND k.connamespace = :'schema'::regnamespace::oid AND k.conrelid <> '0') AS foreign_key,
       CASE WHEN NOT t.tgisinternal THEN pg_catalog.pg_get_triggerdef(t.oid) END AS definition
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = :'schema'::regnamespace::oid AND (t.tgenabled <> 'O' OR NOT t.tgisinternal)
