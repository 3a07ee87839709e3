-- The foreign keys in the order in which a DELETE fires their triggers: by trigger name, as bytes (RelationBuildTriggers,
-- trigger.c; type name compares so). tgtype 8 is the bit of DELETE (pg_trigger.h). The table is compared as bigint, which
-- no index answers: else all triggers of a referenced table would be read for each foreign key to it.
SELECT k.conrelid AS relation, k.conname AS name
FROM pg_constraint k
JOIN pg_trigger t ON t.tgconstraint = k.oid AND t.tgrelid::bigint = k.confrelid::bigint AND t.tgtype::integer & 8 = 8
WHERE k.connamespace = :'schema'::regnamespace::oid AND k.contype = 'f'
ORDER BY t.tgname
