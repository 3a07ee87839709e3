-- The last record of a migration in this tool's history, one that was applied before others.
-- :begun_here is a condition on a run that began on this database (in psql: \set begun_here true).
SELECT state AS state,
       pg_catalog.to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"') || ' by ' || applied_by AS ended
FROM leora_migrate.migration WHERE name = :'migration' AND target_schema = :'schema_name' AND :begun_here
ORDER BY migration.state <> 'applied', finished_at DESC LIMIT 1
