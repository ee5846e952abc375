-- The role that installs, and the owner of the database, may begin; migrate() grants to the storage owner,
-- whom nobody knows yet when a dump restores the extension.
DO $$
DECLARE
	f oid;
BEGIN
	FOR f IN SELECT p.oid FROM pg_catalog.pg_proc p WHERE p.pronamespace OPERATOR(pg_catalog.=) 'peer_mentor'::pg_catalog.regnamespace LOOP
		EXECUTE pg_catalog.format('GRANT EXECUTE ON ROUTINE %s TO @extowner@, pg_database_owner', f::pg_catalog.regprocedure);
	END LOOP;
END
$$;
SELECT peer_mentor.grant_access();
NOTIFY pgrst, 'reload schema';
