-- Published tables whose UPDATE and DELETE PostgreSQL refuses, as the replica identity does not identify a row (manual,
-- 31.1.1: Publication). PostgreSQL 15 has row filters and column lists: a filter must not use a column that is not in the
-- replica identity, a list must have all of its columns (31.3, 31.4). :varattno is a column in the node tree of a filter.
SELECT c.relname AS relation, 'identity' AS why, pg_catalog.string_agg(pg_catalog.quote_ident(p.pubname), ', ' ORDER BY p.pubname) AS publications
FROM pg_publication p
CROSS JOIN pg_catalog.pg_get_publication_tables(p.pubname) t
JOIN pg_class c ON c.oid = t.relid
WHERE (p.pubupdate OR p.pubdelete) AND c.relnamespace = :'schema'::regnamespace::oid
  AND (c.relreplident = 'n'
       OR c.relreplident = 'd' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
       OR c.relreplident = 'i' AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident))
GROUP BY c.relname
UNION ALL
SELECT x.relname, x.how, pg_catalog.quote_ident(x.pubname)
FROM (
  SELECT c.relname, p.pubname,
    CASE WHEN c.relreplident <> 'f' AND EXISTS (SELECT FROM pg_catalog.regexp_matches(r.prqual::text, ':varattno ([0-9]+)', 'g') f
                                                 WHERE f[1]::smallint <> ALL (n.named)) THEN 'rows'
         WHEN r.prattrs::smallint[] IS NOT NULL
          AND (c.relreplident = 'f' OR NOT n.named OPERATOR(pg_catalog.<@) r.prattrs::smallint[]) THEN 'columns' END AS how
  FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid JOIN pg_class c ON c.oid = r.prrelid
  CROSS JOIN LATERAL (
    SELECT coalesce((SELECT i.indkey::smallint[] FROM pg_index i
                      WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident END),
                    '{}') AS named
  ) n
  WHERE (p.pubupdate OR p.pubdelete) AND c.relnamespace = :'schema'::regnamespace::oid AND c.relreplident <> 'n'
) x
WHERE x.how IS NOT NULL
ORDER BY relation, why, publications
