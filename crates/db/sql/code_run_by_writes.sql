-- User-defined code that an INSERT into or an UPDATE of one table would run, and as which role. Whoever could create the
-- table before it was first used decides what that is. In psql: \set user_code `cat user_code.sql`
SELECT pg_catalog.format('%s.%I', :'schema'::regnamespace::text, :'table') AS "table", code.line::json ->> 'kind'::text AS kind,
  code.line::json ->> 'name'::text AS name, pg_catalog.quote_ident(current_user) AS role
FROM (
:user_code
) code
WHERE code.line::json ->> 'table'::text = :'table'::text AND (code.line::json ->> 'events'::text)::integer & 3 <> 0
ORDER BY kind, name
