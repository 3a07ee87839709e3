-- The row-level security policies of tables. Role 0 is PUBLIC.
SELECT p.polrelid AS relation, p.polname AS name, p.polpermissive AS is_permissive, p.polcmd AS command,
       (SELECT pg_catalog.string_agg(CASE WHEN r = '0' THEN 'public' ELSE r::regrole::text END, ', ' ORDER BY r)
          FROM pg_catalog.unnest(p.polroles) r) AS roles,
       pg_catalog.pg_get_expr(p.polqual, p.polrelid) AS using_expression,
       pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) AS check_expression
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
WHERE c.relnamespace = :'schema'::regnamespace::oid
