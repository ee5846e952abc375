SELECT peer_mentor_private.refuse_loss(20261120000700);

DO $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT r.tgname, r.tgrelid::pg_catalog.regclass AS relation
	           FROM pg_catalog.pg_trigger r JOIN pg_catalog.pg_proc p ON p.oid = r.tgfoid
	          WHERE p.pronamespace = 'peer_mentor_private'::pg_catalog.regnamespace AND NOT r.tgisinternal
	LOOP
		EXECUTE pg_catalog.format('DROP TRIGGER %I ON %s', t.tgname, t.relation);
	END LOOP;
END
$$;

DELETE FROM peer_mentor_private.migrations WHERE version = 20261120000700;
NOTIFY pgrst, 'reload schema';
