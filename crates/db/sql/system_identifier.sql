-- The system identifier, which a primary and its standbys share. A provider may have revoked the function.
SELECT c.system_identifier AS system_identifier FROM pg_catalog.pg_control_system() c
