-- What the simulation calls in its database: found() makes an organisation, play() makes calls, and the others say what
-- is there, in the words of simulate.py.

CREATE SCHEMA simulation;

CREATE FUNCTION simulation.moment(t timestamptz) RETURNS text LANGUAGE sql STABLE
	RETURN coalesce(to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '-');

-- Makes an organisation with everybody in it, as the owner of the storage.
CREATE PROCEDURE simulation.found(o jsonb) LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL ROLE keeper;
	INSERT INTO public.organisations (id, name, time_zone, reminder_days, auto_reactivate, portal_sync)
	SELECT id, 'seed ' || (o ->> 'seed'), time_zone, reminder_days, auto_reactivate, portal_sync
	  FROM jsonb_to_record(o) r (id uuid, time_zone text, reminder_days int[], auto_reactivate boolean, portal_sync text);
	INSERT INTO public.chapters (id, organisation_id, name) SELECT c::uuid, (o ->> 'id')::uuid, c FROM jsonb_array_elements_text(o -> 'chapters') c;
	INSERT INTO public.certification_types (organisation_id, code, valid_for, renewal_mode, renewal_window_days, grace_days, required)
	SELECT (o ->> 'id')::uuid, t.* FROM jsonb_to_recordset(o -> 'types')
	       t (code text, valid_for interval, renewal_mode text, renewal_window_days int, grace_days int, required boolean);
	RESET ROLE;
	INSERT INTO auth.users (id) SELECT u::uuid FROM jsonb_array_elements_text(o -> 'users') u;
	SET LOCAL ROLE keeper;
	INSERT INTO public.role_assignments (user_id, organisation_id, role, chapter_id)
	SELECT user_id, (o ->> 'id')::uuid, role, chapter_id FROM jsonb_to_recordset(o -> 'roles') r (user_id uuid, role text, chapter_id uuid);
	PERFORM public.register_mentor(m.id, (o ->> 'id')::uuid, m.chapters, user_id => m.user_id)
	   FROM jsonb_to_recordset(o -> 'mentors') m (id uuid, user_id uuid, chapters uuid[]);
END
$$;

-- Each call is a transaction of its own. The answers: ok with what a transition returns, or the code of the error.
CREATE PROCEDURE simulation.play(calls jsonb, INOUT answers jsonb) LANGUAGE plpgsql AS $$
DECLARE
	c      jsonb;
	state  text;
	detail text;
	told   text;
	moved  public.mentor_transition;
BEGIN
	answers := '[]';
	FOR c IN SELECT * FROM jsonb_array_elements(calls) LOOP
		BEGIN
			IF c ->> 'caller' = 'operator' THEN
				PERFORM set_config('role', 'keeper', true);
			ELSIF c ->> 'caller' = 'service' THEN
				PERFORM set_config('role', 'service_role', true);
			ELSE
				PERFORM set_config('request.jwt.claims', jsonb_build_object('sub', c ->> 'caller', 'role', 'authenticated')::text, true),
				        set_config('role', 'authenticated', true);
			END IF;
			IF c -> 'transition' = 'true' THEN
				EXECUTE c ->> 'sql' INTO moved;
				told := format('ok %s %s %s %s %s', moved.previous_status, moved.new_status, moved.version,
				               to_char(moved.changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
				               CASE WHEN moved.history_id IS NULL THEN 'unmoved' ELSE 'moved' END);
			ELSE
				EXECUTE c ->> 'sql';
				told := 'ok';
			END IF;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL, told = MESSAGE_TEXT;
			told := CASE WHEN detail LIKE '{%' THEN detail::jsonb ->> 'code' ELSE state || ' ' || told END;
		END;
		COMMIT;
		answers := answers || to_jsonb(told);
	END LOOP;
END
$$;

-- Everything about a mentor that is not append-only, one line each.
CREATE FUNCTION simulation.mentors() RETURNS TABLE (mentor_id uuid, line text) LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT m.id, concat_ws(' | ',
	       concat_ws(' ', s.status, 'v' || s.version, coalesce(s.pause_reason, '-'), coalesce(s.expected_return_date::text, '-'),
	                 'by', coalesce(s.activated_by::text, '-'), CASE WHEN m.deleted_at IS NULL THEN 'here' ELSE 'removed' END, s.chapter_id),
	       h.line, p.line, c.line, r.line)
	  FROM public.peer_mentors m
	  JOIN public.peer_mentor_status s ON s.mentor_id = m.id
	 CROSS JOIN LATERAL (SELECT 'rows ' || count(*) AS line FROM public.peer_mentor_status_history h WHERE h.mentor_id = m.id) h
	 CROSS JOIN LATERAL (
		SELECT 'pauses ' || count(*) || coalesce(' live ' || min(concat_ws(' ', p.status, p.pause_reason, coalesce(p.expected_return_date::text, '-'),
		                    coalesce(p.coordinator_id::text, '-'), simulation.moment(p.paused_at))) FILTER (WHERE p.reactivated_at IS NULL), '')
		       || coalesce(' ended ' || (array_agg(concat_ws(' ', p.pause_reason, p.ended_by, coalesce(p.coordinator_id::text, '-'),
		                    simulation.moment(p.reactivated_at)) ORDER BY p.reactivated_at DESC) FILTER (WHERE p.reactivated_at IS NOT NULL))[1], '') AS line
		  FROM public.pause_records p WHERE p.mentor_id = m.id) p
	 CROSS JOIN LATERAL (
		SELECT coalesce(string_agg(concat_ws(' ', c.certification_type, c.issued_at, c.expires_at, c.anchor_on, c.status,
		                    jsonb_array_length(c.renewal_history), c.renewal_history -> -1 ->> 'event', c.renewal_history -> -1 ->> 'actor_kind'),
		                    ', ' ORDER BY c.certification_type), '') AS line
		  FROM public.peer_mentor_certifications c WHERE c.peer_mentor_id = m.id) c
	 CROSS JOIN LATERAL (
		SELECT coalesce(string_agg(concat_ws(' ', r.certification_type, r.expiry_date, r.reminders_sent, simulation.moment(r.last_reminder_at)),
		                    ', ' ORDER BY r.certification_type), '') AS line
		  FROM public.cert_expiry_reminders r WHERE r.mentor_id = m.id) r;
END
$$;

CREATE FUNCTION simulation.histories(since timestamptz) RETURNS TABLE (mentor_id uuid, line text) LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT h.mentor_id, concat_ws(' ', 'v' || h.version, coalesce(h.previous_status::text, '-'), h.new_status, h.reason, h.actor_kind,
	                              coalesce(h.changed_by::text, '-'), h.effective_on, simulation.moment(h.changed_at),
	                              CASE WHEN h.job_run_id IS NULL THEN 'call' WHEN j.id IS NULL THEN 'unknown run' ELSE 'run' END,
	                              coalesce(h.chapter_id::text, '-'))
	  FROM public.peer_mentor_status_history h
	  LEFT JOIN public.job_runs j ON j.id = h.job_run_id
	 WHERE h.changed_at > since;
END
$$;

-- An event must name its mentor and organisation, and a run where one wrote it.
CREATE FUNCTION simulation.events(since bigint) RETURNS TABLE (mentor_id uuid, event_id bigint, line text) LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT e.mentor_id, e.id, concat_ws(' ', e.channel, e.event_type,
	              CASE WHEN e.payload ->> 'job_run_id' IS NULL THEN 'call' WHEN j.id IS NULL THEN 'unknown-run' ELSE 'run' END
	              || CASE WHEN e.payload ->> 'mentor_id' = e.mentor_id::text AND e.payload ->> 'organisation_id' = m.organisation_id::text
	                           AND e.organisation_id = m.organisation_id THEN '' ELSE '-of-another' END,
	              e.payload - '{mentor_id,organisation_id,job_run_id}'::text[])
	  FROM public.outbox_events e
	  JOIN public.peer_mentors m ON m.id = e.mentor_id
	  LEFT JOIN public.job_runs j ON j.id = (e.payload ->> 'job_run_id')::uuid
	 WHERE e.id > since;
END
$$;

-- All that was ever written about a mentor, for the last comparison.
CREATE FUNCTION simulation.chronicle() RETURNS TABLE (mentor_id uuid, line text) LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT h.mentor_id, 'history ' || h.line FROM simulation.histories('-infinity') h
	UNION ALL
	SELECT p.mentor_id, concat_ws(' ', 'pause', p.pause_reason, coalesce(p.expected_return_date::text, '-'), coalesce(p.coordinator_id::text, '-'),
	                              simulation.moment(p.paused_at), simulation.moment(p.reactivated_at), coalesce(p.ended_by, '-'), simulation.moment(r.paused_at))
	  FROM public.pause_records p LEFT JOIN public.pause_records r ON r.id = p.resumes_pause_id AND r.mentor_id = p.mentor_id
	UNION ALL
	SELECT t.peer_mentor_id, concat_ws(' ', t.certification_type, t.position, t.event, t.issued_at, t.expires_at, t.actor_kind, simulation.moment(t.at),
	                                   CASE WHEN t.job_run_id IS NULL THEN 'call' ELSE 'run' END)
	  FROM public.certification_timeline t
	UNION ALL
	SELECT m.id, 'events ' || count(e.id) FROM public.peer_mentors m LEFT JOIN public.outbox_events e ON e.mentor_id = m.id GROUP BY m.id;
END
$$;

-- What must stay empty.
CREATE VIEW simulation.troubles AS
	SELECT 'failure' AS kind, f.mentor_id, concat_ws(' ', f.step, f.sqlstate, f.message) AS line FROM public.job_run_failures f
	UNION ALL
	SELECT 'discrepancy', d.mentor_id, concat_ws(' ', d.kind, d.found, d.expected) FROM public.status_discrepancies d
	UNION ALL
	SELECT 'run', NULL, concat_ws(' ', j.status, j.as_of, j.error) FROM public.job_runs j WHERE j.status <> 'succeeded';
