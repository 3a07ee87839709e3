-- The tables of a schema that a subscription of the database writes to. pg_subscription itself is not read: a role may
-- read some of its columns only.
SELECT DISTINCT c.relname AS name
FROM pg_subscription_rel r JOIN pg_class c ON c.oid = r.srrelid WHERE c.relnamespace = :'schema'::regnamespace::oid
ORDER BY name
