\echo Use "CREATE EXTENSION peer_mentor" to load this file. \quit

-- Made here, with schema = pg_catalog in the control file, so that nobody can plant a schema of this name first.
CREATE SCHEMA peer_mentor;
GRANT USAGE ON SCHEMA peer_mentor TO PUBLIC;
COMMENT ON SCHEMA peer_mentor IS 'Engine of peer_mentor. Functions only; PostgREST must not expose it.';
