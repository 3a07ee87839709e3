-- The answer of user_code.sql as one text, to see whether it has changed. In psql: \set user_code `cat user_code.sql`
SELECT coalesce(pg_catalog.string_agg(code.line, E'\n' ORDER BY code.line COLLATE "C"), '') AS fingerprint FROM (
:user_code
) code
