CREATE OR REPLACE FUNCTION peer_mentor.migrate(target integer DEFAULT NULL, force boolean DEFAULT false)
RETURNS TABLE (version bigint, name text, action text)
AS 'MODULE_PATHNAME', 'peer_mentor_migrate' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.migrate(integer, boolean) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.migrate(integer, boolean) IS
	'Installs or upgrades storage in one transaction and returns what was applied; on every call puts back functions, triggers, policies and grants. target: how many of the migrations shall remain, NULL = all, 0 = none, which refuses while rows would be lost unless force. Errors: invalid_argument, not_allowed, 55000 naming the tables that hold rows.';

CREATE OR REPLACE FUNCTION peer_mentor.grant_access() RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_grant_access' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.grant_access() FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.grant_access() IS
	'Grants EXECUTE on the engine''s functions to the storage owner and to the API roles that need them. Called by the migrations. Errors: not_allowed, storage_missing.';
