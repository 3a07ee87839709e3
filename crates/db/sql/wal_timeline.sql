-- Of a primary: the name of the WAL file that it writes, and how far its WAL was flushed, in bytes. NULL on a standby.
-- The first eight digits of the name are the timeline (manual, 30.6: WAL Internals). pg_control_checkpoint has that of the
-- last checkpoint, which is still the old one right after a promotion (CreateEndOfRecoveryRecord, xlog.c).
SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) END AS file,
       CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN
         pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_flush_lsn(), '0/0') END AS flushed_bytes
