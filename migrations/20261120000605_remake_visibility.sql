-- Who sees whom, what protects the tables, and the views.  Every migrate() makes these again.

-- Whom the caller sees.  They look past row security, so each begins from auth.uid().

CREATE OR REPLACE FUNCTION peer_mentor_private.visible_mentors() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant uuid := auth.uid();
BEGIN
	RETURN QUERY
	SELECT m.id FROM public.peer_mentors m WHERE m.user_id = caller AND m.deleted_at IS NULL
	UNION
	SELECT m.id FROM public.role_assignments r JOIN public.peer_mentors m ON m.organisation_id = r.organisation_id
	 WHERE r.user_id = caller AND r.ended_at IS NULL AND r.role = 'org_admin' AND m.deleted_at IS NULL
	UNION
	SELECT m.id FROM public.role_assignments r
	  JOIN public.mentor_chapters c ON c.chapter_id = r.chapter_id AND c.until IS NULL
	  JOIN public.peer_mentors m ON m.id = c.mentor_id
	 WHERE r.user_id = caller AND r.ended_at IS NULL AND r.role IN ('coordinator', 'chapter_admin') AND m.deleted_at IS NULL
	UNION
	SELECT m.id FROM public.coordinator_assignments a JOIN public.peer_mentors m ON m.id = a.mentor_id
	 WHERE a.coordinator_id = caller AND a.ended_at IS NULL AND m.deleted_at IS NULL;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.visible_mentors() IS
	'Mentors the caller sees: themselves, those of live chapters they coordinate or administer, those assigned to them, all of an organisation they administer.';

CREATE OR REPLACE FUNCTION peer_mentor_private.member_organisations() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 3 SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant uuid := auth.uid();
BEGIN
	RETURN QUERY
	SELECT m.organisation_id FROM public.peer_mentors m WHERE m.user_id = caller AND m.deleted_at IS NULL
	UNION
	SELECT r.organisation_id FROM public.role_assignments r WHERE r.user_id = caller AND r.ended_at IS NULL
	UNION
	SELECT m.organisation_id FROM public.coordinator_assignments a JOIN public.peer_mentors m ON m.id = a.mentor_id
	 WHERE a.coordinator_id = caller AND a.ended_at IS NULL AND m.deleted_at IS NULL;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.member_organisations() IS 'Organisations of which the caller is a mentor, or has a role or an assignment in.';

CREATE OR REPLACE FUNCTION peer_mentor_private.administered_organisations() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 3 SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant uuid := auth.uid();
BEGIN
	RETURN QUERY
	SELECT r.organisation_id FROM public.role_assignments r
	 WHERE r.user_id = caller AND r.ended_at IS NULL AND r.role = 'org_admin';
END
$$;
COMMENT ON FUNCTION peer_mentor_private.administered_organisations() IS 'Organisations the caller administers.';

CREATE OR REPLACE FUNCTION peer_mentor_private.administered_chapters() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 3 SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant uuid := auth.uid();
BEGIN
	RETURN QUERY
	SELECT r.chapter_id FROM public.role_assignments r
	 WHERE r.user_id = caller AND r.ended_at IS NULL AND r.role = 'chapter_admin';
END
$$;
COMMENT ON FUNCTION peer_mentor_private.administered_chapters() IS 'Chapters the caller administers.';

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

CREATE OR REPLACE FUNCTION peer_mentor_private.missing_protection() RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(array_agg(m.what ORDER BY m.what), '{}') FROM (
		SELECT format('%s: trigger %s', t.table_name, t.trigger_name) AS what
		  FROM peer_mentor_private.triggers() t
		 WHERE NOT EXISTS (SELECT FROM pg_trigger r
		                    WHERE r.tgrelid = to_regclass(format('public.%I', t.table_name)) AND r.tgname = t.trigger_name AND r.tgenabled = 'O')
		UNION ALL
		SELECT format('%s: row level security', t.name)
		  FROM peer_mentor_private.engine_tables() t (name)
		  JOIN pg_class c ON c.oid = to_regclass(format('public.%I', t.name))
		 WHERE NOT c.relrowsecurity
		UNION ALL
		SELECT DISTINCT format('%s: %s granted to %s', t.name, a.privilege_type,
		                       CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END)
		  FROM peer_mentor_private.engine_tables() t (name)
		  JOIN pg_class c ON c.oid = to_regclass(format('public.%I', t.name))
		 CROSS JOIN LATERAL aclexplode(c.relacl) a
		 WHERE a.grantee <> c.relowner AND a.privilege_type <> 'SELECT'
	) m
$$;
COMMENT ON FUNCTION peer_mentor_private.missing_protection() IS
	'Triggers that are gone or disabled, row security that is off, and write grants, on engine-written tables. migrate() puts them right.';

CREATE OR REPLACE FUNCTION peer_mentor_private.cron_launcher_running() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF to_regprocedure('peer_mentor.cron_launcher_running()') IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN peer_mentor.cron_launcher_running();
END
$$;
COMMENT ON FUNCTION peer_mentor_private.cron_launcher_running() IS 'Is pg_cron''s launcher alive? NULL where pg_cron is not preloaded.';

CREATE OR REPLACE FUNCTION peer_mentor_private.listing() RETURNS TABLE (mentor_id uuid, display_name text, chapter text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
	SELECT m.id, m.display_name::text, c.name::text
	  FROM public.peer_mentors m
	  JOIN public.peer_mentor_status s ON s.mentor_id = m.id
	  LEFT JOIN public.chapters c ON c.id = s.chapter_id
	 CROSS JOIN LATERAL (
		SELECT count(*) AS held,
		       count(*) FILTER (WHERE p.status = 'suspended' OR p.expires_at + t.grace_days < (now() AT TIME ZONE o.time_zone)::date) AS blocking
		  FROM public.peer_mentor_certifications p
		  JOIN public.certification_types t ON t.organisation_id = p.organisation_id AND t.code = p.certification_type
		  JOIN public.organisations o ON o.id = p.organisation_id
		 WHERE p.peer_mentor_id = m.id AND t.required
	 ) f
	 WHERE m.listed AND m.deleted_at IS NULL AND s.status = 'active' AND f.held > 0 AND f.blocking = 0
$$;
COMMENT ON FUNCTION peer_mentor_private.listing() IS 'What public_mentor_listing shows, and nothing more.';

CREATE OR REPLACE VIEW public.public_mentor_listing WITH (security_invoker = true) AS
	SELECT l.mentor_id, l.display_name, l.chapter FROM peer_mentor_private.listing() l;
COMMENT ON VIEW public.public_mentor_listing IS
	'Mentors the public may see: listed, active, not removed, with at least one valid required certification and none that blocks. The only thing anon may read.';

CREATE OR REPLACE VIEW public.job_health WITH (security_invoker = true) AS
	SELECT good.finished_at AS last_good_run,
	       pg_catalog.clock_timestamp() - good.finished_at AS last_good_age,
	       good.finished_at IS NULL OR pg_catalog.clock_timestamp() - good.finished_at > interval '26 hours' AS overdue,
	       (SELECT pg_catalog.count(*)
	          FROM public.peer_mentor_certifications c
	          JOIN public.certification_types t ON t.organisation_id = c.organisation_id AND t.code = c.certification_type
	          JOIN public.organisations o ON o.id = c.organisation_id
	          JOIN public.peer_mentors m ON m.id = c.peer_mentor_id
	         WHERE c.status = 'active' AND m.deleted_at IS NULL
	           AND c.expires_at < (pg_catalog.now() AT TIME ZONE 'Etc/GMT-14')::date
	           AND c.expires_at + t.grace_days < (pg_catalog.now() AT TIME ZONE o.time_zone)::date) AS backlog_due,
	       (SELECT r.id FROM public.job_runs r
	         WHERE r.status = 'running' AND r.heartbeat_at < pg_catalog.clock_timestamp() - interval '10 minutes'
	         ORDER BY r.started_at LIMIT 1) AS stuck_run,
	       (SELECT pg_catalog.count(*) FROM public.job_run_failures f WHERE f.resolved_at IS NULL) AS open_failures,
	       (SELECT pg_catalog.min(e.created_at) FROM public.outbox_events e
	         WHERE e.channel = 'notification' AND e.delivered_at IS NULL AND e.dead_at IS NULL) AS oldest_undelivered_notification,
	       (SELECT pg_catalog.min(e.created_at) FROM public.outbox_events e
	          JOIN public.organisations o ON o.id = e.organisation_id AND o.portal_sync = 'on'
	         WHERE e.channel = 'portal_sync' AND e.delivered_at IS NULL AND e.dead_at IS NULL) AS oldest_undelivered_portal_sync,
	       (SELECT pg_catalog.count(*) FROM public.outbox_events e WHERE e.dead_at IS NOT NULL) AS dead_letters,
	       (SELECT pg_catalog.count(*) FROM public.status_discrepancies d WHERE d.resolved_at IS NULL) AS open_discrepancies,
	       peer_mentor_private.missing_protection() AS missing_protection,
	       peer_mentor_private.cron_launcher_running() AS cron_launcher_running,
	       (SELECT pg_catalog.count(*) FROM public.undeliverable_notifications u WHERE u.resolved_at IS NULL) AS open_undeliverable
	  FROM (SELECT pg_catalog.max(r.finished_at) AS finished_at FROM public.job_runs r
	         WHERE r.job_name = 'nightly' AND r.status = 'succeeded') good;
COMMENT ON VIEW public.job_health IS
	'One row: is the nightly run well? overdue after 26 hours; missing_protection names guards, row security and grants that a dump or a DBA took away; cron_launcher_running is NULL where pg_cron is not loaded.';
COMMENT ON COLUMN public.job_health.backlog_due IS 'Certifications due now and not yet processed.';
COMMENT ON COLUMN public.job_health.oldest_undelivered_portal_sync IS 'Of organisations whose portal_sync is on; what others queue waits for that.';
COMMENT ON COLUMN public.job_health.dead_letters IS 'Events that were given up; replay_events() takes them up again.';
COMMENT ON COLUMN public.job_health.open_undeliverable IS 'Notifications that nobody could be found for, and nobody has dealt with.';
COMMENT ON COLUMN public.job_health.stuck_run IS 'A run marked running whose heartbeat is older than 10 minutes.';

CREATE OR REPLACE VIEW public.job_progress WITH (security_invoker = true) AS
	SELECT r.id AS job_run_id, r.as_of, r.status, r.step, p.done, p.total, p.per_second,
	       CASE WHEN p.per_second > 0 THEN pg_catalog.make_interval(secs => (GREATEST(p.total - p.done, 0) / p.per_second)::double precision) END AS eta,
	       COALESCE(r.finished_at, pg_catalog.clock_timestamp()) - r.started_at AS running_for,
	       CASE WHEN r.status = 'running' THEN pg_catalog.clock_timestamp() - r.heartbeat_at END AS heartbeat_age
	  FROM public.job_runs r
	 CROSS JOIN LATERAL (
		SELECT c.done, c.total,
		       c.done / NULLIF(EXTRACT(epoch FROM r.heartbeat_at - r.step_started_at), 0) AS per_second
		  FROM (SELECT (r.counts -> r.step ->> 'done')::bigint AS done, (r.counts -> r.step ->> 'total')::bigint AS total) c
	 ) p
	 WHERE r.job_name = 'nightly' AND r.status <> 'skipped'
	 ORDER BY r.started_at DESC
	 LIMIT 1;
COMMENT ON VIEW public.job_progress IS
	'The latest nightly run, seen from another session: present step, mentors done and due in it, mentors per second, and how long the step still takes at that rate.';

SELECT peer_mentor_private.record_migration(20261120000605, 'remake_visibility');
