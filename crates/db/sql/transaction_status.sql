-- What became of a transaction, by its id: committed, aborted, in progress, or NULL where it is too old to tell.
SELECT pg_catalog.pg_xact_status(:'transaction'::xid8) AS status
