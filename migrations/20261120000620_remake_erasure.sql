-- Erasure: what is left of a mentor who is erased.  Every migrate() makes these again.

-- What a report would count of the mentor, in stretches of days that are alike.
CREATE OR REPLACE FUNCTION peer_mentor_private.mentor_spans(mentor uuid, organisation uuid, up_to date)
RETURNS TABLE (chapter_id uuid, status public.mentor_status, certified boolean, from_day date, to_day date)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT d.chapter_id, d.status, k.certified, lower(r.days), upper(r.days) - 1
	  FROM peer_mentor_private.status_days(organisation, ARRAY[mentor], '0001-01-01', up_to) d
	 CROSS JOIN LATERAL (VALUES (true, d.certified), (false, datemultirange(d.days) - coalesce(d.certified, '{}'))) k (certified, days)
	 CROSS JOIN LATERAL unnest(k.days) r (days)
	 ORDER BY 4;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.mentor_spans(uuid, uuid, date) IS
	'What a mentor was at the end of each day up to this one: chapter, status and whether certified, one row for each stretch of days that are alike.';

CREATE OR REPLACE FUNCTION peer_mentor_private.keep_anonymous(mentor uuid, organisation uuid, removed_at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- nobody is counted on the day on which they go
	up_to constant date := (SELECT (least(removed_at, clock_timestamp()) AT TIME ZONE o.time_zone)::date - 1
	                          FROM public.organisations o WHERE o.id = organisation);
BEGIN
	-- in one order, as another erasure may add to the same rows
	INSERT INTO public.erased_spans AS e (organisation_id, chapter_id, status, certified, from_day, to_day)
	SELECT organisation, s.chapter_id, s.status, s.certified, s.from_day, s.to_day
	  FROM peer_mentor_private.mentor_spans(mentor, organisation, up_to) s
	 WHERE up_to IS NOT NULL
	 ORDER BY s.from_day, s.to_day, s.chapter_id, s.status, s.certified
	ON CONFLICT ON CONSTRAINT erased_spans_key DO UPDATE SET mentors = e.mentors + 1;

	INSERT INTO public.erased_transitions AS e (organisation_id, chapter_id, reason, new_status, effective_on, transitions)
	SELECT organisation, m.chapter_id, m.reason, m.status, m.day, count(*)
	  FROM peer_mentor_private.status_moves(organisation, ARRAY[mentor], '-infinity', 'infinity') m
	 WHERE up_to IS NOT NULL
	 GROUP BY m.chapter_id, m.reason, m.status, m.day
	 ORDER BY m.day, m.chapter_id, m.reason, m.status
	ON CONFLICT ON CONSTRAINT erased_transitions_key DO UPDATE SET transitions = e.transitions + EXCLUDED.transitions;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.keep_anonymous(uuid, uuid, timestamptz) IS
	'Keeps what reports count of a mentor who is being erased. Called by statements of the engine.';

CREATE OR REPLACE FUNCTION peer_mentor_private.rows_of(mentor uuid, register_key text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_object_agg(c.name, c.n) FROM (
		SELECT 'peer_mentors' AS name, count(*) AS n FROM public.peer_mentors t WHERE t.id = mentor
		UNION ALL SELECT 'mentor_chapters', count(*) FROM public.mentor_chapters t WHERE t.mentor_id = mentor
		UNION ALL SELECT 'coordinator_assignments', count(*) FROM public.coordinator_assignments t WHERE t.mentor_id = mentor
		UNION ALL SELECT 'peer_mentor_status', count(*) FROM public.peer_mentor_status t WHERE t.mentor_id = mentor
		UNION ALL SELECT 'peer_mentor_status_history', count(*) FROM public.peer_mentor_status_history t WHERE t.mentor_id = mentor
		UNION ALL SELECT 'pause_records', count(*) FROM public.pause_records t WHERE t.mentor_id = mentor
		UNION ALL SELECT 'peer_mentor_certifications', count(*) FROM public.peer_mentor_certifications t WHERE t.peer_mentor_id = mentor
		UNION ALL SELECT 'certification_renewal_events', count(*) FROM public.certification_renewal_events t
		                  JOIN public.peer_mentor_certifications x ON x.id = t.certification_id WHERE x.peer_mentor_id = mentor
		UNION ALL SELECT 'cert_expiry_reminders', count(*) FROM public.cert_expiry_reminders t WHERE t.mentor_id = mentor
		UNION ALL SELECT 'outbox_events', count(*) FROM public.outbox_events t WHERE t.mentor_id = mentor
		UNION ALL SELECT 'outbox_deliveries', count(*) FROM public.outbox_deliveries t
		                  JOIN public.outbox_events x ON x.id = t.event_id WHERE x.mentor_id = mentor
		UNION ALL SELECT 'portal_mentors', count(*) FROM peer_mentor_private.portal_mentors t WHERE t.mentor_id = mentor
		UNION ALL SELECT 'undeliverable_notifications', count(*) FROM public.undeliverable_notifications t WHERE t.mentor_id = mentor
		UNION ALL SELECT 'job_run_failures', count(*) FROM public.job_run_failures t WHERE t.mentor_id = mentor
		UNION ALL SELECT 'status_discrepancies', count(*) FROM public.status_discrepancies t WHERE t.mentor_id = mentor
		UNION ALL SELECT 'idempotent_requests', count(*) FROM public.idempotent_requests t WHERE t.result ->> 'mentor_id' = mentor::text
		UNION ALL SELECT 'register_import', count(*) FROM public.register_import t WHERE btrim(t.mentor_key, E' \t\r\n') = ANY (ARRAY[register_key, mentor::text, upper(mentor::text)])
	) c
$$;
COMMENT ON FUNCTION peer_mentor_private.rows_of(uuid, text) IS 'How many rows each table has of this mentor.';

-- Rows that no foreign key takes along.  An event about the portal that a worker has at hand is left to it, and
-- one that tells of the removal until it is told: the nightly run purges both.
CREATE OR REPLACE FUNCTION peer_mentor_private.erase_loose(mentor uuid, register_key text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM public.outbox_events e
	 WHERE e.mentor_id = mentor AND NOT (e.channel = 'portal_sync' AND e.delivered_at IS NULL
	       AND (e.event_type = 'mentor_removed' OR coalesce(e.leased_until > clock_timestamp(), false)));
	DELETE FROM public.undeliverable_notifications u WHERE u.mentor_id = mentor;
	DELETE FROM public.idempotent_requests r WHERE r.result ->> 'mentor_id' = mentor::text;
	-- the register has no organisation: what waits under a key that another one has as well may be theirs
	DELETE FROM public.register_import r
	 WHERE btrim(r.mentor_key, E' \t\r\n') = ANY (ARRAY[register_key, mentor::text, upper(mentor::text)])
	   AND (r.imported_at IS NOT NULL OR NOT EXISTS (SELECT FROM public.peer_mentors m WHERE m.external_key = register_key AND m.id <> mentor));
	DELETE FROM public.status_discrepancies d
	 WHERE d.mentor_id IS NULL AND strpos(concat(d.about, d.found, d.expected), mentor::text) > 0;
	UPDATE public.job_run_failures f SET message = replace(f.message, mentor::text, '(erased)') WHERE strpos(f.message, mentor::text) > 0;
	-- where the reconciliation goes on; without it it begins anew
	UPDATE public.job_runs r
	   SET counts = CASE WHEN r.counts #>> '{reconcile,up_to}' = mentor::text THEN r.counts #- '{reconcile,up_to}' ELSE r.counts END,
	       error = replace(r.error, mentor::text, '(erased)')
	 WHERE r.counts #>> '{reconcile,up_to}' = mentor::text OR strpos(r.error, mentor::text) > 0;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.erase_loose(uuid, text) IS 'Removes what no foreign key removes of a mentor who is erased. Called by statements of the engine.';

-- What was left of a mentor who was deleted with triggers off.
CREATE OR REPLACE FUNCTION peer_mentor_private.erase_left(mentor uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM public.mentor_chapters t WHERE t.mentor_id = mentor;
	DELETE FROM public.coordinator_assignments t WHERE t.mentor_id = mentor;
	DELETE FROM public.peer_mentor_status t WHERE t.mentor_id = mentor;
	DELETE FROM public.peer_mentor_status_history t WHERE t.mentor_id = mentor;
	DELETE FROM public.pause_records t WHERE t.mentor_id = mentor;
	DELETE FROM public.peer_mentor_certifications t WHERE t.peer_mentor_id = mentor;
	DELETE FROM public.cert_expiry_reminders t WHERE t.mentor_id = mentor;
	DELETE FROM public.job_run_failures t WHERE t.mentor_id = mentor;
	DELETE FROM public.status_discrepancies t WHERE t.mentor_id = mentor;
	DELETE FROM peer_mentor_private.mentor_reviews t WHERE t.mentor_id = mentor;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.erase_left(uuid) IS 'Removes what foreign keys should have removed of a mentor who is gone. Called by statements of the engine.';

CREATE OR REPLACE FUNCTION peer_mentor_private.erase_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM peer_mentor.erase_traces(OLD.id, OLD.organisation_id, OLD.external_key, OLD.deleted_at);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.erase_deleted() IS 'A mentor who is deleted, by whatever path, is erased: anonymous counts stay, and nothing else.';

SELECT peer_mentor_private.record_migration(20261120000620, 'remake_erasure');
