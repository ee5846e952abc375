-- The role that installs, and the owner of the database, may begin; migrate() grants the rest, to the
-- storage owner and the API roles, because those may not exist yet when a dump restores the extension.
DO $$
DECLARE
	f oid;
BEGIN
	FOR f IN SELECT p.oid FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'peer_mentor'::pg_catalog.regnamespace LOOP
		EXECUTE pg_catalog.format('GRANT EXECUTE ON ROUTINE %s TO @extowner@, pg_database_owner', f::pg_catalog.regprocedure);
	END LOOP;
END
$$;
NOTIFY pgrst, 'reload schema';
