SELECT peer_mentor_private.refuse_loss(20261120000900);

-- Nobody gets back what was revoked: the objects go with the migrations that made them.
DO $$
DECLARE
	p record;
BEGIN
	FOR p IN SELECT * FROM pg_catalog.pg_policies WHERE schemaname = 'public' AND policyname IN ('peer_mentor_select', 'peer_mentor_service') LOOP
		EXECUTE pg_catalog.format('DROP POLICY %I ON public.%I', p.policyname, p.tablename);
	END LOOP;
END
$$;

DELETE FROM peer_mentor_private.migrations WHERE version = 20261120000900;
NOTIFY pgrst, 'reload schema';
