//! The question who replicates: publications that would include what a migration makes, slots, and subscriptions.

/// Rows of three kinds. All roles may read these catalogs on 13 to 18 (`system_views.sql`; of `pg_subscription` only some
/// columns, so it is not asked).
///
/// `p`: a publication: its name, whether it would include a table that is created in the schema, and whether the history.
///
/// `s`: a logical slot of this database: its name, whether a session is connected to it, its output plugin, and how many
/// bytes of WAL it keeps; NULL where they are lost, and where the role may not ask how far the WAL is.
///
/// `t`: a table of the schema that a subscription of this database writes to.
pub(super) const REPLICATION: &str = "\
SELECT 'p', p.pubname, p.puballtables OR {schema} IN ({published_schemas}),
  p.puballtables
  OR h.namespace IN ({published_schemas})
  OR h.oid IN (SELECT r.prrelid FROM pg_publication_rel r WHERE r.prpubid = p.oid), NULL, NULL
FROM pg_publication p
LEFT JOIN (SELECT n.oid AS namespace, (SELECT c.oid FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'migration') AS oid
           FROM pg_namespace n WHERE n.nspname = 'leora_migrate') h ON true
WHERE p.pubinsert OR p.pubupdate OR p.pubdelete OR p.pubtruncate
UNION ALL
SELECT 's', s.slot_name, s.active, NULL, s.plugin::text,
  pg_catalog.pg_wal_lsn_diff({wal_position}, s.restart_lsn)::bigint
FROM pg_catalog.pg_get_replication_slots() s
WHERE s.slot_type = 'logical' AND s.datoid = (SELECT d.oid FROM pg_database d WHERE d.datname = pg_catalog.current_database())
UNION ALL
SELECT 't', c.relname, NULL, NULL, NULL, NULL
FROM pg_subscription_rel r JOIN pg_class c ON c.oid = r.srrelid WHERE c.relnamespace = {schema}
ORDER BY 1, 2";
