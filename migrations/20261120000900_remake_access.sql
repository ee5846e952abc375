-- Who may do what.  Everything is revoked first: Supabase's default privileges open new tables, and a
-- partial dump restores them open.  Every migrate() does this again.

DO $$
DECLARE
	t       text;
	api     text;
	grantee text;
	ours    text[] := ARRAY(SELECT e.name FROM peer_mentor_private.engine_tables() e (name))
	                  || ARRAY['peer_mentor_status_log', 'certification_timeline', 'job_health', 'register_import', 'certification_types']
	                  || ARRAY(SELECT m.table_name FROM peer_mentor_private.made m WHERE m.kind = 'table');
	private text[] := ARRAY(SELECT c.relname FROM pg_catalog.pg_class c
	                         WHERE c.relnamespace = 'peer_mentor_private'::pg_catalog.regnamespace AND c.relkind IN ('r', 'S'));
	roles   text := (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(r.rolname), ', ')
	                   FROM pg_catalog.pg_roles r WHERE r.rolname IN ('anon', 'authenticated', 'service_role'));
BEGIN
	grantee := pg_catalog.concat_ws(', ', 'PUBLIC', roles);
	FOREACH t IN ARRAY ours LOOP
		EXECUTE pg_catalog.format('REVOKE ALL ON public.%I FROM %s', t, grantee);
		IF EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass(pg_catalog.format('public.%I', t)) AND c.relkind = 'r') THEN
			EXECUTE pg_catalog.format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', t);
		END IF;
		IF pg_catalog.to_regrole('service_role') IS NOT NULL THEN
			EXECUTE pg_catalog.format('GRANT SELECT ON public.%I TO service_role', t);
		END IF;
	END LOOP;
	FOR t IN
		SELECT s.oid::pg_catalog.regclass::text
		  FROM pg_catalog.pg_class s
		  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = s.oid AND d.deptype = 'i'
		  JOIN pg_catalog.pg_class c ON c.oid = d.refobjid
		 WHERE s.relkind = 'S' AND c.relnamespace = 'public'::pg_catalog.regnamespace AND c.relname = ANY (ours)
	LOOP
		EXECUTE pg_catalog.format('REVOKE ALL ON SEQUENCE %s FROM %s', t, grantee);
	END LOOP;
	IF pg_catalog.to_regrole('service_role') IS NOT NULL THEN
		GRANT INSERT, UPDATE, DELETE ON public.register_import TO service_role;
	END IF;
	EXECUTE pg_catalog.format('REVOKE ALL ON SCHEMA peer_mentor_private FROM %s', grantee);
	FOREACH t IN ARRAY private LOOP
		EXECUTE pg_catalog.format('REVOKE ALL ON peer_mentor_private.%I FROM %s', t, grantee);
	END LOOP;
	EXECUTE pg_catalog.format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA peer_mentor_private FROM %s', grantee);

	FOREACH api IN ARRAY ARRAY[
		'pause_mentor(uuid, date, bigint, text)', 'reactivate_mentor(uuid, bigint, text)', 'set_return_date(uuid, date, bigint)',
		'register_mentor(uuid, uuid, uuid[], text, uuid, text)', 'record_certification(uuid, text, date, date, text)',
		'renew_certification(uuid, text, date, date, date, text)', 'suspend_certification(uuid, text)', 'reinstate_certification(uuid, text)']
	LOOP
		EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION public.%s FROM %s', api, grantee);
		IF pg_catalog.to_regrole('service_role') IS NOT NULL THEN
			EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION public.%s TO service_role', api);
		END IF;
	END LOOP;
	IF pg_catalog.to_regrole('service_role') IS NOT NULL THEN
		GRANT USAGE ON SCHEMA peer_mentor_private TO service_role;
		GRANT EXECUTE ON FUNCTION peer_mentor_private.missing_protection(), peer_mentor_private.cron_launcher_running(),
			peer_mentor_private.triggers(), peer_mentor_private.engine_tables() TO service_role;
	END IF;
END
$$;

SELECT peer_mentor.grant_access();
SELECT peer_mentor_private.record_migration(20261120000900, 'remake_access');
-- Mentors that were there before, or came while the triggers were away.
SELECT peer_mentor.register_inserted(ARRAY(
	SELECT m.id FROM public.peer_mentors m
	 WHERE NOT EXISTS (SELECT FROM public.peer_mentor_status s WHERE s.mentor_id = m.id)));

NOTIFY pgrst, 'reload schema';
