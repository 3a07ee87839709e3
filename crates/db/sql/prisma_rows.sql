-- The rows of Prisma's history of a schema, in the order in which they began. Times are UTC, as text.
SELECT migration_name AS name, checksum AS checksum,
       pg_catalog.to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"') AS started_at,
       pg_catalog.to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"') AS finished_at,
       pg_catalog.to_char(rolled_back_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"') AS rolled_back_at, logs AS logs
FROM :"schema_name"._prisma_migrations p ORDER BY p.started_at, p.migration_name
