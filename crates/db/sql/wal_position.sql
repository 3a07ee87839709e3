-- The current position in the WAL: written by a primary, replayed by a standby. Not asked by a role that may not call
-- these functions: that is checked whether or not CASE calls them (ExecInitFunc, execExpr.c).
SELECT pg_catalog.pg_wal_lsn_diff(
         CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END,
         '0/0')::bigint AS bytes
