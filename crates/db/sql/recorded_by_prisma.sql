-- The last row of a migration in Prisma's history of a schema, one that was applied before others. Prisma puts a time
-- before the name: the row's name ends with :'ending'.
SELECT CASE WHEN rolled_back_at IS NOT NULL THEN 'rolled back' WHEN finished_at IS NULL THEN 'failed' ELSE 'applied' END AS state,
       migration_name AS name
FROM :"schema_name"._prisma_migrations WHERE pg_catalog.right(migration_name, pg_catalog.length(:'ending'::text)) = :'ending'
ORDER BY finished_at IS NULL OR rolled_back_at IS NOT NULL, started_at DESC LIMIT 1
