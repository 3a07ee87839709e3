-- The relations of a schema, without indexes: tables, views, sequences, composite types.
-- Sequences that columns own are left out; sequences.sql has them. A relation that an extension made is marked, as its
-- columns, constraints and indexes are in the answers of the other queries.
--
-- pages and rows are estimates. Before the first ANALYZE a table has no pages in pg_class: the statistics system's number
-- of live rows counts then, 20 to a page, and needs no lock, unlike the size of its file. After one, the table has grown
-- as its number of live rows has.
--
-- is_readable: the role may SELECT all rows, and reading them calls no function or operator but PostgreSQL's own. The
-- planner evaluates constant parts of index expressions, predicates and extended statistics for every statement on a
-- table (get_relation_info, plancat.c). PostgreSQL's own functions are pinned and have no rows in pg_depend. The privilege of a
-- table that was dropped since the snapshot is NULL.
SELECT c.oid AS oid, c.relname AS name, c.relkind AS kind, c.relpersistence AS persistence,
       c.relrowsecurity AS row_security, c.relforcerowsecurity AS force_row_security,
       CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid)
            WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END AS partitioning,
       CASE WHEN c.relpages > 0 AND c.reltuples > '0'
            THEN (c.relpages::float8 * greatest('1', pg_catalog.pg_stat_get_live_tuples(c.oid)::float8 / c.reltuples::float8))::bigint
            ELSE greatest(c.relpages, pg_catalog.pg_stat_get_live_tuples(c.oid) / 20) END AS pages,
       greatest(c.reltuples, pg_catalog.pg_stat_get_live_tuples(c.oid), 0)::bigint AS rows,
       coalesce(pg_catalog.has_table_privilege(c.oid, 'SELECT'), false) AND NOT pg_catalog.row_security_active(c.oid)
         AND NOT EXISTS (SELECT FROM pg_index i JOIN pg_depend d ON d.classid = 'pg_class'::regclass::oid AND d.objid = i.indexrelid
                          WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
                            AND d.refclassid IN ('pg_proc'::regclass::oid, 'pg_operator'::regclass::oid))
         AND NOT EXISTS (SELECT FROM pg_statistic_ext s JOIN pg_depend d ON d.classid = 'pg_statistic_ext'::regclass::oid AND d.objid = s.oid
                          WHERE s.stxrelid = c.oid AND d.refclassid IN ('pg_proc'::regclass::oid, 'pg_operator'::regclass::oid)) AS is_readable,
       EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass::oid AND d.objid = c.oid
                AND d.objsubid = 0 AND d.deptype = 'e') AS of_extension
FROM pg_class c
WHERE c.relnamespace = :'schema'::regnamespace::oid AND c.relkind NOT IN ('i', 'I', 't')
  AND NOT (c.relkind = 'S' AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass::oid AND d.objid = c.oid
                                        AND d.objsubid = 0 AND d.deptype IN ('a', 'i')))
