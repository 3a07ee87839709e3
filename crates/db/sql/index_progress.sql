-- How far the server process :'pid' is with CREATE INDEX. fraction is the part of the phase that is done: of the lockers
-- while old transactions are waited for, else of blocks or tuples (manual, 27.4: pg_stat_progress_create_index).
SELECT p.phase AS phase,
       CASE WHEN pg_catalog.starts_with(p.phase, 'waiting') THEN p.lockers_done::float8 / nullif(p.lockers_total, 0)::float8
            ELSE coalesce(p.blocks_done::float8 / nullif(p.blocks_total, 0)::float8,
                          p.tuples_done::float8 / nullif(p.tuples_total, 0)::float8) END AS fraction
FROM pg_stat_progress_create_index p WHERE p.pid = :'pid'::integer
