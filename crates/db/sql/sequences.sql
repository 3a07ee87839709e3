-- The sequences that columns own: SERIAL's and identity's.
-- is_readable: the role may SELECT it. An unlogged sequence cannot be read on a replica.
SELECT d.refobjid AS relation, d.refobjsubid AS column_number, s.seqrelid::regclass AS name,
       pg_catalog.format_type(s.seqtypid, NULL) AS type, s.seqincrement AS increment, s.seqmin AS minimum, s.seqmax AS maximum,
       s.seqcycle AS cycles, c.relpersistence = 'u' AS is_unlogged,
       coalesce(pg_catalog.has_sequence_privilege(s.seqrelid, 'SELECT'), false) AND (c.relpersistence = 'p' OR NOT pg_catalog.pg_is_in_recovery()) AS is_readable
FROM pg_sequence s
JOIN pg_class c ON c.oid = s.seqrelid
JOIN pg_depend d ON d.classid = 'pg_class'::regclass::oid AND d.objid = s.seqrelid AND d.objsubid = 0
 AND d.refclassid = 'pg_class'::regclass::oid AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
WHERE c.relnamespace = :'schema'::regnamespace::oid
