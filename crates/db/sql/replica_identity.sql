-- Published tables whose UPDATE and DELETE PostgreSQL refuses, as the replica identity does not identify a row (manual,
-- 31.1.1: Publication). PostgreSQL 13 and 14 have no row filters and column lists (15).
SELECT c.relname AS relation, 'identity' AS why, pg_catalog.string_agg(pg_catalog.quote_ident(p.pubname), ', ' ORDER BY p.pubname) AS publications
FROM pg_publication p
CROSS JOIN pg_catalog.pg_get_publication_tables(p.pubname) t
JOIN pg_class c ON c.oid = t.relid
WHERE (p.pubupdate OR p.pubdelete) AND c.relnamespace = :'schema'::regnamespace::oid
  AND (c.relreplident = 'n'
       OR c.relreplident = 'd' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
       OR c.relreplident = 'i' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident))
GROUP BY c.relname
ORDER BY relation, why, publications
