-- Settings that sessions start with: ALTER DATABASE SET, ALTER ROLE SET, and some of the server's own configuration; also
-- a CONNECTION LIMIT of 0. default_transaction_read_only and statement_timeout of a role are told where the role may
-- become one that may write to a table of the schema.
--
-- statement_timeout was set for this transaction, so pg_settings.source does not say where its value came from: reset_val,
-- with which the session began, is the server's where nothing else set it.
--
-- :'become' is the privilege on a role with which SET ROLE works: USAGE, SET, or MEMBER before 16.
SELECT s.setdatabase <> '0' AS of_database, CASE WHEN s.setrole <> '0' THEN s.setrole::regrole END AS role, u.setting AS setting,
  false AS of_server
FROM pg_db_role_setting s CROSS JOIN pg_catalog.unnest(s.setconfig) u(setting)
WHERE s.setdatabase IN ('0', (SELECT oid FROM pg_database WHERE datname = pg_catalog.current_database()))
  AND (s.setrole = '0' OR pg_catalog.split_part(u.setting, '=', 1) NOT IN ('default_transaction_read_only', 'statement_timeout')
       OR EXISTS (SELECT FROM pg_roles m JOIN pg_class c ON c.relnamespace = :'schema'::regnamespace::oid AND c.relkind IN ('r', 'p')
                   WHERE pg_catalog.pg_has_role(s.setrole, m.oid, :'become')
                     AND (pg_catalog.has_table_privilege(m.oid, c.oid, 'INSERT, UPDATE, DELETE')
                          OR pg_catalog.has_any_column_privilege(m.oid, c.oid, 'INSERT, UPDATE'))))
UNION ALL
SELECT false, NULL, name || '=' || setting, true
FROM pg_settings
WHERE name IN ('session_replication_role', 'default_transaction_read_only', 'row_security')
  AND source IN ('configuration file', 'command line', 'environment variable')
UNION ALL
SELECT false, NULL, name || '=' || reset_val, true
FROM pg_settings
WHERE name = 'statement_timeout'
  AND NOT EXISTS (SELECT FROM pg_db_role_setting s CROSS JOIN pg_catalog.unnest(s.setconfig) u(setting)
                   WHERE s.setdatabase IN ('0', (SELECT oid FROM pg_database WHERE datname = pg_catalog.current_database()))
                     AND (s.setrole = '0' OR s.setrole = (SELECT oid FROM pg_roles WHERE rolname = session_user))
                     AND pg_catalog.split_part(u.setting, '=', 1) = name)
UNION ALL
SELECT true, NULL, 'CONNECTION LIMIT=0', false
FROM pg_database WHERE datname = pg_catalog.current_database() AND datconnlimit = 0
