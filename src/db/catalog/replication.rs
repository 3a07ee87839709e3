//! The question who replicates: publications that would include what a migration makes, slots, and subscriptions.

/// Rows of three kinds. All roles may read these catalogs on 13 to 18 (`system_views.sql`; of `pg_subscription` only some
/// columns, so it is not asked).
///
/// `p`: a publication that includes tables without naming them, or the history: its name, whether it would include a
/// table that is created in the schema, and whether the history.
///
/// `s`: a logical slot of this database: its name, whether somebody is connected to it, its output plugin, and how many
/// bytes of WAL it keeps; NULL where they are lost.
///
/// `t`: a table of the schema that a subscription of this database writes to.
pub(super) const REPLICATION: &str = "\
SELECT 'p', p.pubname, p.puballtables OR {publishes_schema}, x.history, NULL, NULL
FROM pg_publication p CROSS JOIN LATERAL (
  SELECT p.puballtables OR {publishes_history} OR EXISTS (
    SELECT FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE r.prpubid = p.oid AND n.nspname = 'leora_migrate' AND c.relname = 'migration') AS history
) x
WHERE (p.pubinsert OR p.pubupdate OR p.pubdelete OR p.pubtruncate) AND (p.puballtables OR {publishes_schema} OR x.history)
UNION ALL
SELECT 's', s.slot_name, s.active, NULL, s.plugin::text,
  pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                                  ELSE pg_catalog.pg_current_wal_lsn() END, s.restart_lsn)::bigint
FROM pg_replication_slots s WHERE s.slot_type = 'logical' AND s.database = pg_catalog.current_database()
UNION ALL
SELECT 't', c.relname, NULL, NULL, NULL, NULL
FROM pg_subscription_rel r JOIN pg_class c ON c.oid = r.srrelid WHERE c.relnamespace = {schema}
ORDER BY 1, 2";
