-- Who may do what.  Everything is revoked first: Supabase's default privileges open new tables, and a
-- partial dump restores them open.  Every migrate() does this again.

DO $$
DECLARE
	t       text;
	api     text;
	grantee text;
	ours    text[] := ARRAY(SELECT e.name FROM peer_mentor_private.engine_tables() e (name))
	                  || ARRAY['peer_mentor_status_log', 'certification_timeline', 'job_health', 'job_progress', 'public_mentor_listing', 'register_import', 'certification_types']
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
			-- On Supabase the role is past row security; on plain PostgreSQL it need not be.
			IF EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass(pg_catalog.format('public.%I', t)) AND c.relkind = 'r') THEN
				EXECUTE pg_catalog.format('DROP POLICY IF EXISTS peer_mentor_service ON public.%I', t);
				EXECUTE pg_catalog.format('CREATE POLICY peer_mentor_service ON public.%I FOR %s TO service_role USING (true)',
					t, CASE t WHEN 'register_import' THEN 'ALL' ELSE 'SELECT' END);
			END IF;
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
		'pause_mentor(uuid, date, bigint, text)',
		'reactivate_mentor(uuid, bigint, text)',
		'set_return_date(uuid, date, bigint)',
		'register_mentor(uuid, uuid, uuid[], text, uuid, text)',
		'record_certification(uuid, text, date, date, text)',
		'renew_certification(uuid, text, date, date, date, text)',
		'suspend_certification(uuid, text)',
		'reinstate_certification(uuid, text)',
		'correct_certification(uuid, text, date, date)',
		'remove_mentor(uuid)',
		'restore_mentor(uuid)',
		'link_login(uuid, uuid)',
		'set_mentor_chapters(uuid, uuid[])',
		'set_listed(uuid, boolean)',
		'assign_coordinator(uuid, uuid)',
		'end_assignment(uuid, uuid)',
		'grant_role(uuid, uuid, text, uuid)',
		'end_role(uuid, uuid, text, uuid)',
		'update_organisation(uuid, text, text, integer[], boolean, text)',
		'put_chapter(uuid, text, uuid)',
		'put_certification_type(uuid, text, text, interval, text, integer, integer, boolean)',
		'resolve_undeliverable(bigint)',
		'explain_transition(uuid, public.mentor_status)',
		'mentor_timeline(uuid)',
		'mentor_status_on(uuid, date)',
		'coordinator_roster(integer, text, public.mentor_status[], uuid, integer, boolean, text)',
		'status_report(uuid, date, date)',
		'freeze_report(uuid, date, date)',
		'frozen_report(uuid)']
	LOOP
		EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION public.%s FROM %s', api, grantee);
		FOREACH t IN ARRAY ARRAY['authenticated', 'service_role'] LOOP
			IF pg_catalog.to_regrole(t) IS NOT NULL THEN
				EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION public.%s TO %I', api, t);
			END IF;
		END LOOP;
	END LOOP;
	FOREACH api IN ARRAY ARRAY[
		'claim_events(text, integer, interval)',
		'complete_event(bigint, uuid, uuid)',
		'fail_event(bigint, uuid, text, boolean, uuid, interval)',
		'replay_events(text, uuid, timestamptz)']
	LOOP
		EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION public.%s FROM %s', api, grantee);
		IF pg_catalog.to_regrole('service_role') IS NOT NULL THEN
			EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION public.%s TO service_role', api);
		END IF;
	END LOOP;
	FOREACH t IN ARRAY ARRAY['anon', 'authenticated', 'service_role'] LOOP
		IF pg_catalog.to_regrole(t) IS NOT NULL THEN
			EXECUTE pg_catalog.format('GRANT SELECT ON public.public_mentor_listing TO %I', t);
			EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA peer_mentor_private TO %I', t);
			EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION peer_mentor_private.listing() TO %I', t);
		END IF;
	END LOOP;
	IF pg_catalog.to_regrole('service_role') IS NOT NULL THEN
		GRANT EXECUTE ON FUNCTION peer_mentor_private.missing_protection(), peer_mentor_private.cron_launcher_running(),
			peer_mentor_private.triggers(), peer_mentor_private.engine_tables(), peer_mentor_private.ids_are_logins() TO service_role;
	END IF;
END
$$;

-- Who sees what.  Sets of ids come from helpers that run once per query; one permissive policy per table.
DO $$
DECLARE
	p record;
BEGIN
	IF pg_catalog.to_regrole('authenticated') IS NULL OR pg_catalog.to_regprocedure('auth.uid()') IS NULL THEN
		RETURN;
	END IF;
	GRANT EXECUTE ON FUNCTION peer_mentor_private.visible_mentors(), peer_mentor_private.member_organisations(),
		peer_mentor_private.administered_organisations(), peer_mentor_private.administered_chapters() TO authenticated;
	FOR p IN SELECT * FROM (VALUES
		('organisations', 'id = ANY (ARRAY(SELECT peer_mentor_private.member_organisations()))'),
		('chapters', 'organisation_id = ANY (ARRAY(SELECT peer_mentor_private.member_organisations()))'),
		('certification_types', 'organisation_id = ANY (ARRAY(SELECT peer_mentor_private.member_organisations()))'),
		('peer_mentors', 'deleted_at IS NULL AND id = ANY (ARRAY(SELECT peer_mentor_private.visible_mentors()))'),
		('mentor_chapters', 'mentor_id = ANY (ARRAY(SELECT peer_mentor_private.visible_mentors()))'),
		('role_assignments', 'user_id = (SELECT auth.uid()) OR organisation_id = ANY (ARRAY(SELECT peer_mentor_private.administered_organisations())) OR chapter_id = ANY (ARRAY(SELECT peer_mentor_private.administered_chapters()))'),
		('coordinator_assignments', '(coordinator_id = (SELECT auth.uid()) AND ended_at IS NULL) OR mentor_id = ANY (ARRAY(SELECT peer_mentor_private.visible_mentors()))'),
		('peer_mentor_status', 'mentor_id = ANY (ARRAY(SELECT peer_mentor_private.visible_mentors()))'),
		('peer_mentor_status_history', 'mentor_id = ANY (ARRAY(SELECT peer_mentor_private.visible_mentors()))'),
		('pause_records', 'mentor_id = ANY (ARRAY(SELECT peer_mentor_private.visible_mentors()))'),
		('peer_mentor_certifications', 'peer_mentor_id = ANY (ARRAY(SELECT peer_mentor_private.visible_mentors()))'),
		('certification_renewal_events', 'certification_id IN (SELECT c.id FROM public.peer_mentor_certifications c)'),
		('cert_expiry_reminders', 'mentor_id = ANY (ARRAY(SELECT peer_mentor_private.visible_mentors()))'),
		('undeliverable_notifications', 'mentor_id = ANY (ARRAY(SELECT peer_mentor_private.visible_mentors()))'),
		('status_discrepancies', 'mentor_id = ANY (ARRAY(SELECT peer_mentor_private.visible_mentors()))'),
		('report_snapshots', 'organisation_id = ANY (ARRAY(SELECT peer_mentor_private.administered_organisations()))')
	) v (table_name, visible)
	WHERE v.table_name NOT IN ('organisations', 'chapters', 'peer_mentors', 'mentor_chapters', 'role_assignments', 'coordinator_assignments')
	   OR peer_mentor_private.made_table(v.table_name)
	LOOP
		EXECUTE pg_catalog.format('DROP POLICY IF EXISTS peer_mentor_select ON public.%I', p.table_name);
		EXECUTE pg_catalog.format('CREATE POLICY peer_mentor_select ON public.%I FOR SELECT TO authenticated USING (%s)', p.table_name, p.visible);
		EXECUTE pg_catalog.format('GRANT SELECT ON public.%I TO authenticated', p.table_name);
	END LOOP;
	GRANT SELECT ON public.peer_mentor_status_log, public.certification_timeline TO authenticated;
END
$$;

SELECT peer_mentor.grant_access();
SELECT peer_mentor_private.record_migration(20261120000900, 'remake_access');
-- Mentors that were there before, or came while the triggers were away.
SELECT peer_mentor.register_inserted(ARRAY(
	SELECT m.id FROM public.peer_mentors m
	 WHERE NOT EXISTS (SELECT FROM public.peer_mentor_status s WHERE s.mentor_id = m.id)));
SELECT peer_mentor.mirror_roster(ARRAY(
	SELECT m.id FROM public.peer_mentors m JOIN public.peer_mentor_status s ON s.mentor_id = m.id
	  LEFT JOIN (SELECT c.peer_mentor_id, pg_catalog.min(c.expires_at) AS expires_at FROM public.peer_mentor_certifications c
	              WHERE c.status = 'active' GROUP BY c.peer_mentor_id) n ON n.peer_mentor_id = m.id
	 WHERE (s.organisation_id, s.roster_name, s.on_roster, s.next_expires_on) IS DISTINCT FROM
	       (m.organisation_id, pg_catalog.left(COALESCE(m.display_name, ''), 100), m.deleted_at IS NULL, n.expires_at)));

NOTIFY pgrst, 'reload schema';
