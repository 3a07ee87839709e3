-- The server process that serves this connection now.
SELECT pg_catalog.pg_backend_pid() AS pid
