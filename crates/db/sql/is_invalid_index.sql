-- Whether an index of the name exists and is not valid.
SELECT EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = pg_catalog.to_regclass(:'index')::oid AND NOT i.indisvalid) AS is_invalid
