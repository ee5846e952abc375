-- A model of the roster in plain SQL over the tables, and moves for it to follow.  A request is made by setting its claims.
CREATE SCHEMA roster;
CREATE TABLE roster.moved (mentor_id uuid);

-- Whom a caller should see, as the documentation has it.  Reads no mirror.
CREATE FUNCTION roster.expected(who uuid, statuses public.mentor_status[], chapter uuid, horizon int, overdue boolean, part text) RETURNS uuid[]
LANGUAGE sql STABLE AS $$
	WITH fact AS (
		SELECT m.id, coalesce(m.display_name, '') AS name, s.status, s.expected_return_date AS back, (now() AT TIME ZONE o.time_zone)::date AS today,
		       (SELECT min(c.expires_at) FROM public.peer_mentor_certifications c WHERE c.peer_mentor_id = m.id AND c.status = 'active') AS next,
		       (SELECT min(c.expires_at) FROM public.peer_mentor_certifications c JOIN public.certification_types t ON (t.organisation_id, t.code) = (c.organisation_id, c.certification_type)
		         WHERE c.peer_mentor_id = m.id AND (c.status = 'active' OR c.status = 'expired' AND t.required)) AS shown
		  FROM public.peer_mentors m JOIN public.peer_mentor_status s ON s.mentor_id = m.id JOIN public.organisations o ON o.id = m.organisation_id
		 WHERE m.deleted_at IS NULL
		   AND (EXISTS (SELECT FROM public.role_assignments r WHERE r.user_id = who AND r.ended_at IS NULL AND r.role = 'org_admin' AND r.organisation_id = m.organisation_id)
		        OR EXISTS (SELECT FROM public.role_assignments r JOIN public.mentor_chapters c ON c.chapter_id = r.chapter_id
		                    WHERE r.user_id = who AND r.ended_at IS NULL AND c.until IS NULL AND c.mentor_id = m.id)
		        OR EXISTS (SELECT FROM public.coordinator_assignments a WHERE a.coordinator_id = who AND a.ended_at IS NULL AND a.mentor_id = m.id))
		   AND (chapter IS NULL OR EXISTS (SELECT FROM public.mentor_chapters c WHERE c.mentor_id = m.id AND c.until IS NULL AND c.chapter_id = chapter))
	)
	SELECT coalesce(array_agg(f.id ORDER BY f.status <> 'expired_cert', CASE WHEN f.status <> 'expired_cert' THEN coalesce(least(f.back, f.next), 'infinity') END, left(f.name, 100), f.id), '{}')
	  FROM fact f
	 WHERE (statuses IS NULL OR f.status = ANY (statuses)) AND (horizon IS NULL OR f.shown <= f.today + horizon)
	   AND (NOT overdue OR f.status = 'paused' AND f.back < f.today) AND (part IS NULL OR f.name ILIKE '%' || part || '%')
$$;

CREATE FUNCTION roster.walked(who uuid, page_size int, statuses public.mentor_status[], chapter uuid, horizon int, overdue boolean, part text) RETURNS uuid[]
LANGUAGE plpgsql AS $$
DECLARE
	seen uuid[] := '{}';
	page uuid[];
	at text;
BEGIN
	PERFORM set_config('request.jwt.claims', jsonb_build_object('sub', who, 'role', 'authenticated')::text, true);
	SET LOCAL ROLE authenticated;
	LOOP
		SELECT array_agg(r.mentor_id ORDER BY r.i), max(r.cursor) FILTER (WHERE r.i = r.n) INTO page, at
		  FROM (SELECT q.mentor_id, q.cursor, row_number() OVER () AS i, count(*) OVER () AS n
		          FROM public.coordinator_roster(page_size, at, statuses, chapter, horizon, overdue, part) q) r;
		EXIT WHEN page IS NULL;
		seen := seen || page;
	END LOOP;
	RESET ROLE;
	RETURN seen;
END
$$;

CREATE FUNCTION roster.walks(only_page_size int DEFAULT NULL) RETURNS TABLE (who text, arguments text, seen bigint, expected bigint, seen_ids uuid[], expected_ids uuid[])
LANGUAGE sql AS $$
	SELECT w.who, format('%s %s %s %s %s %s', f.page_size, f.statuses, f.chapter, f.horizon, f.overdue, f.part), cardinality(s.ids), cardinality(e.ids), s.ids, e.ids
	  FROM unnest('{coordinator 3,region,admin,helper}'::text[]) w (who)
	 CROSS JOIN (VALUES
		(500, NULL::public.mentor_status[], NULL, NULL::int, false, NULL), (37, '{active}', NULL, 60, false, NULL), (50, '{paused}', NULL, NULL, false, NULL), (11, NULL, NULL, NULL, true, NULL),
		(50, NULL, 'chapter 3', NULL, false, NULL), (50, NULL, 'chapter 0', NULL, false, NULL), (13, NULL, 'chapter 5', 90, false, 'an'), (100, '{expired_cert,paused}', NULL, 10, false, 'JON'),
		(100, '{expired_cert}', NULL, 3, false, NULL)) f (page_size, statuses, chapter, horizon, overdue, part)
	 CROSS JOIN LATERAL (SELECT roster.walked(md5(w.who)::uuid, f.page_size, f.statuses, md5(f.chapter)::uuid, f.horizon, f.overdue, f.part)) s (ids)
	 CROSS JOIN LATERAL (SELECT roster.expected(md5(w.who)::uuid, f.statuses, md5(f.chapter)::uuid, f.horizon, f.overdue, f.part)) e (ids)
	 WHERE only_page_size IS NULL OR f.page_size = only_page_size
$$;

CREATE FUNCTION roster.cursor_after(who text, pages int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	at text;
BEGIN
	PERFORM set_config('request.jwt.claims', jsonb_build_object('sub', md5(who)::uuid, 'role', 'authenticated')::text, true);
	SET LOCAL ROLE authenticated;
	FOR i IN 1 .. pages / 10 LOOP
		SELECT max(r.cursor) FILTER (WHERE r.i = r.n) INTO at
		  FROM (SELECT q.cursor, row_number() OVER () AS i, count(*) OVER () AS n FROM public.coordinator_roster(500, at) q) r;
	END LOOP;
	RETURN at;
END
$$;

-- What makes callers differ: an assigned helper, mentors removed and restored, long and missing names, second certifications, an
-- expired and a suspended one among several, chapters changed and left.
CREATE FUNCTION roster.disturb() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	m record;
BEGIN
	INSERT INTO auth.users (id) VALUES (md5('helper')::uuid);
	SET LOCAL ROLE postgres;
	INSERT INTO public.role_assignments (user_id, organisation_id, chapter_id, role)
	VALUES (md5('helper')::uuid, md5('org')::uuid, md5('chapter 5')::uuid, 'chapter_admin'), (md5('helper')::uuid, md5('org')::uuid, md5('chapter 6')::uuid, 'coordinator');
	FOR m IN SELECT q.id, q.i FROM (SELECT p.id, substr(p.external_key, 2)::int AS i FROM public.peer_mentors p) q WHERE q.i < 3000 AND q.i % 7 = 0 ORDER BY q.id LOOP
		CASE m.i % 10
			WHEN 0 THEN PERFORM public.remove_mentor(m.id);
			WHEN 1 THEN PERFORM public.assign_coordinator(m.id, md5('helper')::uuid);
			WHEN 2 THEN PERFORM public.record_certification(m.id, 'extra', current_date - 300, current_date + m.i % 50 - 10);
			WHEN 3 THEN UPDATE public.peer_mentors SET display_name = CASE WHEN m.i % 4 = 1 THEN repeat(display_name, 20) END WHERE id = m.id;
			WHEN 4 THEN PERFORM public.set_mentor_chapters(m.id, ARRAY[md5('chapter 5')::uuid, md5('chapter 3')::uuid]);
			WHEN 5 THEN PERFORM public.suspend_certification(m.id, 'base');
			WHEN 6 THEN PERFORM public.set_mentor_chapters(m.id, '{}');
			WHEN 7 THEN PERFORM public.remove_mentor(m.id), public.restore_mentor(m.id);
			ELSE UPDATE public.mentor_chapters SET until = current_date WHERE mentor_id = m.id AND NOT is_primary AND until IS NULL;
		END CASE;
	END LOOP;
	UPDATE public.coordinator_assignments SET ended_at = now() WHERE mentor_id < '20000000-0000-0000-0000-000000000000';
	RESET ROLE;
END
$$;

-- Some mentors, and what happens to them.
CREATE FUNCTION roster.move(n int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	m record;
	from_id constant uuid := gen_random_uuid();
BEGIN
	FOR m IN SELECT s.mentor_id, s.status FROM public.peer_mentor_status s JOIN public.peer_mentors p ON p.id = s.mentor_id
	          WHERE p.deleted_at IS NULL AND s.mentor_id > from_id ORDER BY s.mentor_id LIMIT n LOOP
		INSERT INTO roster.moved VALUES (m.mentor_id);
		SET LOCAL ROLE postgres;
		BEGIN
			CASE WHEN m.status = 'active' AND random() < 0.5 THEN PERFORM public.pause_mentor(m.mentor_id, current_date + (random() * 300)::int);
			     WHEN m.status = 'paused' AND random() < 0.5 THEN PERFORM public.reactivate_mentor(m.mentor_id);
			     WHEN random() < 0.2 THEN PERFORM public.remove_mentor(m.mentor_id);
			     WHEN random() < 0.2 THEN UPDATE public.peer_mentors SET display_name = 'Renamed ' || random() WHERE id = m.mentor_id;
			     ELSE PERFORM public.renew_certification(m.mentor_id, 'base');
			END CASE;
		EXCEPTION WHEN SQLSTATE 'PT409' THEN
			NULL;
		END;
		RESET ROLE;
	END LOOP;
END
$$;
CREATE PROCEDURE roster.move_for(seconds int) LANGUAGE plpgsql AS $$
DECLARE
	ends constant timestamptz := clock_timestamp() + make_interval(secs => seconds);
BEGIN
	WHILE clock_timestamp() < ends LOOP
		PERFORM roster.move(5);
		COMMIT;
	END LOOP;
END
$$;
