-- What protects the tables: triggers, policies and grants, each told once, and what of it is gone.  Every migrate() makes
-- these again.

CREATE OR REPLACE FUNCTION peer_mentor_private.engine_tables() RETURNS SETOF text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT unnest(ARRAY['peer_mentor_status', 'peer_mentor_status_history', 'pause_records', 'peer_mentor_certifications',
		'certification_renewal_events', 'cert_expiry_reminders', 'outbox_events', 'outbox_deliveries', 'undeliverable_notifications',
		'job_runs', 'job_run_failures', 'status_discrepancies', 'report_snapshots', 'erased_spans', 'erased_transitions',
		'idempotent_requests'])
$$;
COMMENT ON FUNCTION peer_mentor_private.engine_tables() IS 'The tables of schema public that only the engine writes.';

CREATE OR REPLACE FUNCTION peer_mentor_private.triggers() RETURNS TABLE (table_name text, trigger_name text, definition text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT e.name, 'peer_mentor_guard_truncate', 'BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION peer_mentor_private.guard_truncate()'
	  FROM peer_mentor_private.engine_tables() e (name)
	UNION ALL
	SELECT g.table_name, 'peer_mentor_guard_row',
	       'BEFORE ' || g.events || ' ON %s FOR EACH ROW EXECUTE FUNCTION peer_mentor_private.guard_row(' || g.arguments || ')'
	  FROM (VALUES
		('peer_mentor_status', 'INSERT OR DELETE', $a$'', 'peer_mentors', 'mentor_id'$a$),
		('peer_mentor_status_history', 'INSERT OR UPDATE OR DELETE', $a$'changed_by', 'peer_mentors', 'mentor_id'$a$),
		('pause_records', 'INSERT OR UPDATE OR DELETE', $a$'coordinator_id', 'peer_mentors', 'mentor_id'$a$),
		('peer_mentor_certifications', 'INSERT OR UPDATE OR DELETE', $a$'', 'peer_mentors', 'peer_mentor_id'$a$),
		('certification_renewal_events', 'INSERT OR UPDATE OR DELETE', $a$'', 'peer_mentor_certifications', 'certification_id'$a$),
		('cert_expiry_reminders', 'INSERT OR UPDATE OR DELETE', $a$'', 'peer_mentors', 'mentor_id'$a$),
		('outbox_events', 'INSERT OR UPDATE OR DELETE', $a$'actor_id'$a$),
		('outbox_deliveries', 'INSERT OR UPDATE OR DELETE', $a$'', 'outbox_events', 'event_id', 'auth.users', 'recipient'$a$),
		('undeliverable_notifications', 'INSERT OR UPDATE OR DELETE', $a$'', 'outbox_events', 'event_id'$a$),
		('job_runs', 'INSERT OR UPDATE OR DELETE', $a$''$a$),
		('job_run_failures', 'INSERT OR UPDATE OR DELETE', $a$'', 'peer_mentors', 'mentor_id', 'job_runs', 'job_run_id'$a$),
		('status_discrepancies', 'INSERT OR UPDATE OR DELETE', $a$'', 'peer_mentors', 'mentor_id'$a$),
		('report_snapshots', 'INSERT OR UPDATE OR DELETE', $a$'frozen_by'$a$),
		('erased_spans', 'INSERT OR UPDATE OR DELETE', $a$''$a$),
		('erased_transitions', 'INSERT OR UPDATE OR DELETE', $a$''$a$),
		('idempotent_requests', 'INSERT OR UPDATE OR DELETE', $a$'', 'auth.users', 'caller_id'$a$)) g (table_name, events, arguments)
	UNION ALL
	SELECT u.table_name, 'peer_mentor_touch', 'BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION peer_mentor_private.touch()'
	  FROM (VALUES ('peer_mentor_status'), ('pause_records'), ('peer_mentor_certifications'), ('cert_expiry_reminders')) u (table_name)
	UNION ALL
	VALUES
		('peer_mentor_status', 'peer_mentor_guard_status',
		 'BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION peer_mentor_private.guard_status()'),
		('peer_mentor_status', 'peer_mentor_trace',
		 'AFTER UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION peer_mentor_private.trace_status()'),
		('organisations', 'peer_mentor_check',
		 'BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION peer_mentor_private.check_organisation()'),
		('organisations', 'peer_mentor_note_time_zone',
		 'AFTER UPDATE OF time_zone ON %s FOR EACH ROW WHEN (OLD.time_zone <> NEW.time_zone) EXECUTE FUNCTION peer_mentor_private.note_time_zone()'),
		('organisations', 'peer_mentor_note_ladder',
		 'AFTER UPDATE OF reminder_days ON %s FOR EACH ROW WHEN (OLD.reminder_days IS DISTINCT FROM NEW.reminder_days) EXECUTE FUNCTION peer_mentor_private.note_ladder()'),
		('certification_types', 'peer_mentor_note_rules',
		 'BEFORE UPDATE OF grace_days, required ON %s FOR EACH ROW WHEN (OLD.grace_days <> NEW.grace_days OR OLD.required <> NEW.required) EXECUTE FUNCTION peer_mentor_private.note_rules()'),
		('chapters', 'peer_mentor_keep_organisation',
		 'BEFORE UPDATE OF organisation_id ON %s FOR EACH ROW WHEN (OLD.organisation_id IS NOT NULL AND OLD.organisation_id IS DISTINCT FROM NEW.organisation_id) EXECUTE FUNCTION peer_mentor_private.keep_organisation()'),
		('peer_mentors', 'peer_mentor_keep_organisation',
		 'BEFORE UPDATE OF organisation_id ON %s FOR EACH ROW WHEN (OLD.organisation_id IS NOT NULL AND OLD.organisation_id IS DISTINCT FROM NEW.organisation_id) EXECUTE FUNCTION peer_mentor_private.keep_organisation()'),
		('peer_mentors', 'peer_mentor_register',
		 'AFTER INSERT ON %s REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION peer_mentor_private.register_inserted()'),
		('peer_mentors', 'peer_mentor_roster',
		 'AFTER UPDATE OF organisation_id, display_name, deleted_at ON %s FOR EACH ROW WHEN (OLD.organisation_id IS DISTINCT FROM NEW.organisation_id OR OLD.display_name IS DISTINCT FROM NEW.display_name OR (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)) EXECUTE FUNCTION peer_mentor_private.mirror_roster()'),
		-- its name sorts before those of the foreign keys' own triggers, which take the history away
		('peer_mentors', 'Peer_mentor_erase', 'AFTER DELETE ON %s FOR EACH ROW EXECUTE FUNCTION peer_mentor_private.erase_deleted()'),
		('peer_mentors', 'peer_mentor_restore',
		 'AFTER UPDATE OF deleted_at ON %s FOR EACH ROW WHEN (OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL) EXECUTE FUNCTION peer_mentor_private.review_restored()'),
		('peer_mentors', 'peer_mentor_listing',
		 'AFTER UPDATE OF listed, deleted_at ON %s FOR EACH ROW WHEN (OLD.listed IS DISTINCT FROM NEW.listed OR (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)) EXECUTE FUNCTION peer_mentor_private.follow_listing()'),
		('peer_mentors', 'peer_mentor_removal',
		 'AFTER DELETE ON %s REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION peer_mentor_private.follow_removal()'),
		('organisations', 'peer_mentor_portal_sync',
		 'AFTER UPDATE OF portal_sync ON %s FOR EACH ROW WHEN (OLD.portal_sync IS DISTINCT FROM NEW.portal_sync) EXECUTE FUNCTION peer_mentor_private.follow_portal_sync()'),
		('mentor_chapters', 'peer_mentor_check',
		 'BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION peer_mentor_private.check_membership()'),
		('mentor_chapters', 'peer_mentor_mirror',
		 'AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION peer_mentor_private.mirror_primary()'),
		('coordinator_assignments', 'peer_mentor_check',
		 'BEFORE INSERT OR UPDATE OF coordinator_id, mentor_id ON %s FOR EACH ROW EXECUTE FUNCTION peer_mentor_private.check_assignment()')
	UNION ALL
	SELECT 'peer_mentors', 'peer_mentor_login', 'BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION peer_mentor_private.link_own_login()'
	 WHERE peer_mentor_private.ids_are_logins()
$$;
COMMENT ON FUNCTION peer_mentor_private.triggers() IS
	'Every trigger of storage; %s in a definition stands for the table. The migrations make them, job_health misses them.';

CREATE OR REPLACE FUNCTION peer_mentor_private.own_relations() RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT e.name FROM peer_mentor_private.engine_tables() e (name)
	UNION ALL
	VALUES ('peer_mentor_status_log'), ('certification_timeline'), ('job_health'), ('job_progress'), ('public_mentor_listing'), ('register_import'),
		('certification_types')
	UNION ALL
	SELECT m.table_name FROM peer_mentor_private.made m WHERE m.kind = 'table' AND m.table_name <> 'certification_types'
$$;
COMMENT ON FUNCTION peer_mentor_private.own_relations() IS 'Tables and views of schema public that are ours, so not those that were taken over.';

-- Sets of ids come from helpers that run once per query.  On Supabase service_role is past row security; on plain
-- PostgreSQL it need not be.
CREATE OR REPLACE FUNCTION peer_mentor_private.policies() RETURNS TABLE (table_name text, policy_name text, command text, role_name text, visible text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT o.name, 'peer_mentor_service', CASE o.name WHEN 'register_import' THEN 'ALL' ELSE 'SELECT' END, 'service_role', 'true'
	  FROM peer_mentor_private.own_relations() o (name)
	  JOIN pg_class c ON c.oid = to_regclass(format('public.%I', o.name)) AND c.relkind = 'r'
	 WHERE to_regrole('service_role') IS NOT NULL
	UNION ALL
	SELECT v.table_name, 'peer_mentor_select', 'SELECT', 'authenticated', v.visible FROM (VALUES
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
	  JOIN peer_mentor_private.own_relations() o (name) ON o.name = v.table_name
	 WHERE to_regrole('authenticated') IS NOT NULL AND to_regprocedure('auth.uid()') IS NOT NULL
$$;
COMMENT ON FUNCTION peer_mentor_private.policies() IS 'The policies that every migrate() makes again: one permissive one for each role and command.';

CREATE OR REPLACE FUNCTION peer_mentor_private.grants() RETURNS TABLE (relation text, routine text, privilege text, grantee text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT g.* FROM (
		SELECT o.name, NULL::text, 'SELECT', 'service_role' FROM peer_mentor_private.own_relations() o (name)
		UNION ALL
		SELECT 'register_import', NULL, p, 'service_role' FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE']) p
		UNION ALL
		SELECT 'public_mentor_listing', NULL, 'SELECT', u FROM unnest(ARRAY['anon', 'authenticated']) u
		UNION ALL
		SELECT p.table_name, NULL, p.command, p.role_name FROM peer_mentor_private.policies() p WHERE p.policy_name = 'peer_mentor_select'
		UNION ALL
		SELECT l, NULL, 'SELECT', 'authenticated' FROM unnest(ARRAY['peer_mentor_status_log', 'certification_timeline']) l
		 WHERE to_regprocedure('auth.uid()') IS NOT NULL
		UNION ALL
		SELECT NULL, 'public.' || f.signature, 'EXECUTE', u FROM unnest(ARRAY['authenticated', 'service_role']) u, (VALUES
			('pause_mentor(uuid, date, bigint, text)'),
			('reactivate_mentor(uuid, bigint, text)'),
			('set_return_date(uuid, date, bigint)'),
			('register_mentor(uuid, uuid, uuid[], text, uuid, text)'),
			('record_certification(uuid, text, date, date, text)'),
			('renew_certification(uuid, text, date, date, date, text)'),
			('suspend_certification(uuid, text)'),
			('reinstate_certification(uuid, text)'),
			('correct_certification(uuid, text, date, date)'),
			('remove_mentor(uuid)'),
			('restore_mentor(uuid)'),
			('link_login(uuid, uuid)'),
			('set_mentor_chapters(uuid, uuid[])'),
			('set_listed(uuid, boolean)'),
			('assign_coordinator(uuid, uuid)'),
			('end_assignment(uuid, uuid)'),
			('grant_role(uuid, uuid, text, uuid)'),
			('end_role(uuid, uuid, text, uuid)'),
			('update_organisation(uuid, text, text, integer[], boolean, text)'),
			('put_chapter(uuid, text, uuid)'),
			('put_certification_type(uuid, text, text, interval, text, integer, integer, boolean)'),
			('resolve_undeliverable(bigint)'),
			('explain_transition(uuid, public.mentor_status)'),
			('mentor_timeline(uuid)'),
			('mentor_status_on(uuid, date)'),
			('coordinator_roster(integer, text, public.mentor_status[], uuid, integer, boolean, text)'),
			('status_report(uuid, date, date)'),
			('freeze_report(uuid, date, date)'),
			('frozen_report(uuid)')) f (signature)
		UNION ALL
		SELECT NULL, 'public.' || f.signature, 'EXECUTE', 'service_role' FROM (VALUES
			('claim_events(text, integer, interval)'),
			('complete_event(bigint, uuid, uuid)'),
			('fail_event(bigint, uuid, text, boolean, uuid, interval)'),
			('replay_events(text, uuid, timestamptz)')) f (signature)
		UNION ALL
		SELECT NULL, 'peer_mentor_private.listing()', 'EXECUTE', u FROM unnest(ARRAY['anon', 'authenticated', 'service_role']) u
		UNION ALL
		SELECT NULL, 'peer_mentor_private.' || f, 'EXECUTE', 'service_role' FROM unnest(ARRAY['missing_protection()', 'cron_launcher_running()']) f
		UNION ALL
		SELECT NULL, 'peer_mentor_private.' || f, 'EXECUTE', 'authenticated'
		  FROM unnest(ARRAY['visible_mentors()', 'member_organisations()', 'administered_organisations()', 'administered_chapters()']) f
		 WHERE to_regprocedure('auth.uid()') IS NOT NULL
	) g (relation, routine, privilege, grantee)
	 WHERE to_regrole(g.grantee) IS NOT NULL
$$;
COMMENT ON FUNCTION peer_mentor_private.grants() IS 'What the roles of the API may use: relations of schema public, and routines. Every migrate() grants it again.';

-- Of roles of one's own only what lets them write where the engine alone writes is looked at.
CREATE OR REPLACE FUNCTION peer_mentor_private.missing_protection() RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	WITH api (role_name) AS (VALUES ('PUBLIC'), ('anon'), ('authenticated'), ('service_role')),
	due AS MATERIALIZED (SELECT * FROM peer_mentor_private.grants()),
	given AS MATERIALIZED (
		SELECT o.name AS relation, NULL::text AS routine, a.privilege_type AS privilege,
		       CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS grantee
		  FROM peer_mentor_private.own_relations() o (name)
		  JOIN pg_class c ON c.oid = to_regclass(format('public.%I', o.name))
		 CROSS JOIN LATERAL aclexplode(c.relacl) a
		 WHERE a.grantee <> c.relowner
		UNION ALL
		SELECT NULL, r.name, a.privilege_type, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END
		  FROM (SELECT DISTINCT d.routine FROM due d WHERE d.routine IS NOT NULL) r (name)
		  JOIN pg_proc p ON p.oid = to_regprocedure(r.name)
		 CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
		 WHERE a.grantee <> p.proowner)
	SELECT coalesce(array_agg(DISTINCT m.what ORDER BY m.what), '{}') FROM (
		SELECT format('%s: trigger %s', t.table_name, t.trigger_name) AS what
		  FROM peer_mentor_private.triggers() t
		 WHERE NOT EXISTS (SELECT FROM pg_trigger r
		                    WHERE r.tgrelid = to_regclass(format('public.%I', t.table_name)) AND r.tgname = t.trigger_name AND r.tgenabled = 'O')
		UNION ALL
		SELECT format('%s: row level security', o.name)
		  FROM peer_mentor_private.own_relations() o (name)
		  JOIN pg_class c ON c.oid = to_regclass(format('public.%I', o.name))
		 WHERE c.relkind = 'r' AND NOT c.relrowsecurity
		UNION ALL
		SELECT format('%s: policy %s', p.table_name, p.policy_name)
		  FROM peer_mentor_private.policies() p
		 WHERE NOT EXISTS (SELECT FROM pg_policy r WHERE r.polrelid = to_regclass(format('public.%I', p.table_name)) AND r.polname = p.policy_name)
		UNION ALL
		SELECT format('%s: policy %s beside ours', o.name, r.polname)
		  FROM peer_mentor_private.own_relations() o (name)
		  JOIN pg_policy r ON r.polrelid = to_regclass(format('public.%I', o.name)) AND r.polpermissive
		 WHERE NOT EXISTS (SELECT FROM peer_mentor_private.policies() p WHERE p.table_name = o.name AND p.policy_name = r.polname)
		UNION ALL
		SELECT format('%s: %s not granted to %s', coalesce(d.relation, d.routine), d.privilege, d.grantee)
		  FROM due d WHERE NOT EXISTS (SELECT FROM given g WHERE (g.relation = d.relation OR g.routine = d.routine)
		                                                      AND g.privilege = d.privilege AND g.grantee = d.grantee)
		UNION ALL
		SELECT format('%s: %s granted to %s', coalesce(g.relation, g.routine), g.privilege, g.grantee)
		  FROM given g
		 WHERE NOT EXISTS (SELECT FROM due d WHERE (g.relation = d.relation OR g.routine = d.routine)
		                                        AND g.privilege = d.privilege AND g.grantee = d.grantee)
		   AND (g.grantee IN (SELECT api.role_name FROM api)
		        OR (g.privilege <> 'SELECT' AND g.relation IN (SELECT e.name FROM peer_mentor_private.engine_tables() e (name))))
	) m
$$;
COMMENT ON FUNCTION peer_mentor_private.missing_protection() IS
	'Triggers, row security, policies and grants that are gone, and grants and policies that should not be there. Every migrate() makes good what is gone, and takes back what the roles of the API have too much.';

SELECT peer_mentor_private.record_migration(20261120000604, 'remake_protection');
