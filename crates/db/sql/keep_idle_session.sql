-- Keeps the session open while it is idle, where the server would end it: idle_session_timeout (14; NULL before). It is set
-- for the session, as no transaction is open then. No row where nothing is to be set.
SELECT pg_catalog.set_config('idle_session_timeout', '0', false) AS idle_session_timeout
WHERE pg_catalog.current_setting('idle_session_timeout', true) <> '0'
