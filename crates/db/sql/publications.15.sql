-- The publications of the database that publish a change of any kind.
-- new_tables: it publishes every table that is created in the schema. history: it publishes leora_migrate.migration, or
-- would if that existed. All roles may read these catalogs on 13 to 18 (system_views.sql). PostgreSQL 15
-- publishes whole schemas too (pg_publication_namespace).
SELECT p.pubname AS name, p.puballtables
  OR :'schema'::regnamespace::oid IN (SELECT n.pnnspid FROM pg_publication_namespace n WHERE n.pnpubid = p.oid) AS new_tables,
  coalesce(p.puballtables
  OR h.namespace IN (SELECT n.pnnspid FROM pg_publication_namespace n WHERE n.pnpubid = p.oid)
  OR h.oid IN (SELECT r.prrelid FROM pg_publication_rel r WHERE r.prpubid = p.oid), false) AS history
FROM pg_publication p
LEFT JOIN (SELECT n.oid AS namespace, (SELECT c.oid FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'migration') AS oid
           FROM pg_namespace n WHERE n.nspname = 'leora_migrate') h ON true
WHERE p.pubinsert OR p.pubupdate OR p.pubdelete OR p.pubtruncate
ORDER BY name
