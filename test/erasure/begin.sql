-- Mentors with a past, and ways to look for what is left of one; run by a superuser in a database with a roster.
\set QUIET on
\o /dev/null
SET client_min_messages = warning;
SELECT setseed(:seed / 1000.0);
CREATE SCHEMA erasure;

-- ---- mentors whose past is random, written as a restore would

CREATE FUNCTION erasure.live(mentor uuid, organisation uuid) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
	day     date := current_date - 300 - floor(random() * 200)::int;
	state   text;
	version int := 0;
	chapter uuid;
	edge    record;
	term    date;
	entries jsonb := '[]';
BEGIN
	INSERT INTO peer_mentors (id, organisation_id, display_name, deleted_at)
	VALUES (mentor, organisation, 'past', CASE WHEN random() < 0.2 THEN now() - random() * interval '40 days' END);
	LOOP
		version := version + 1;
		SELECT t.* INTO edge FROM peer_mentor.status_transitions() t WHERE t.from_status IS NOT DISTINCT FROM state ORDER BY random() LIMIT 1;
		INSERT INTO peer_mentor_status_history (mentor_id, previous_status, new_status, actor_kind, changed_at, effective_on, reason, version)
		VALUES (mentor, state::mentor_status, edge.to_status::mentor_status, 'system', day, day, edge.reason, version);
		state := edge.to_status;
		day := day + floor(random() * 60)::int; -- several on one day as well
		EXIT WHEN day >= current_date OR random() < 0.05;
	END LOOP;
	INSERT INTO peer_mentor_status (mentor_id, status, version, pause_reason)
	VALUES (mentor, state::mentor_status, version, CASE state WHEN 'paused' THEN 'self_pause' END);
	IF state <> 'active' THEN
		INSERT INTO pause_records (mentor_id, status, pause_reason, paused_at) VALUES (mentor, state::mentor_status, 'self_pause', now());
	END IF;
	-- primary chapters one after the other, sometimes none for a while
	day := current_date - 300 - floor(random() * 200)::int;
	WHILE day < current_date AND random() < 0.9 LOOP
		SELECT c.id INTO chapter FROM chapters c WHERE c.organisation_id = organisation ORDER BY random() LIMIT 1;
		term := day + floor(random() * 150)::int;
		INSERT INTO mentor_chapters (mentor_id, chapter_id, is_primary, since, until)
		VALUES (mentor, chapter, true, day, CASE WHEN term < current_date THEN term END);
		day := term + CASE WHEN random() < 0.7 THEN 0 ELSE 9 END;
		EXIT WHEN term >= current_date;
	END LOOP;
	-- terms of a certification, with gaps and mistakes
	day := current_date - 300 - floor(random() * 200)::int;
	WHILE day < current_date LOOP
		entries := entries || jsonb_build_object('schema_version', 1, 'event',
			CASE WHEN entries = '[]' THEN 'issued' WHEN random() < 0.2 THEN 'corrected' ELSE 'renewed' END,
			'at', now(), 'issued_at', day, 'expires_at', day + 20 + floor(random() * 150)::int, 'actor_kind', 'system', 'job_run_id', NULL);
		day := (entries -> -1 ->> 'expires_at')::date + floor(random() * 40)::int - 15;
	END LOOP;
	INSERT INTO peer_mentor_certifications (peer_mentor_id, organisation_id, certification_type, issued_at, expires_at, anchor_on, renewal_history)
	VALUES (mentor, organisation, 'advanced', (entries -> -1 ->> 'issued_at')::date, (entries -> -1 ->> 'expires_at')::date, (entries -> -1 ->> 'expires_at')::date, entries);
END
$$;
SET session_replication_role = replica;
SELECT erasure.live(md5('past ' || n)::uuid, md5('organisation ' || 1 + n % 2)::uuid) FROM generate_series(1, 40) n;
SET session_replication_role = origin;

-- ---- the numbers of a report, day by day from what each mentor was, and from what is left of the erased

-- Of primary memberships that overlap the one that ended first was it till then; days before the first count for the first.
CREATE FUNCTION erasure.chapter_on(mentor uuid, day date) RETURNS uuid LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
	c record;
	first boolean := true;
BEGIN
	FOR c IN SELECT m.chapter_id, m.since, m.until FROM mentor_chapters m WHERE m.mentor_id = mentor AND m.is_primary AND m.until IS DISTINCT FROM m.since
	          ORDER BY coalesce(m.until, 'infinity'), m.since, m.chapter_id LOOP
		IF (c.since <= day OR first) AND (c.until IS NULL OR c.until > day) THEN
			RETURN c.chapter_id;
		END IF;
		first := false;
	END LOOP;
	RETURN NULL;
END
$$;

CREATE FUNCTION erasure.days() RETURNS TABLE (mentor_id uuid, organisation_id uuid, chapter_id uuid, status public.mentor_status, certified boolean, day date)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
	SELECT m.id, m.organisation_id,
	       erasure.chapter_on(m.id, d.day),
	       h.new_status,
	       h.new_status = 'active' AND EXISTS (
		SELECT FROM certification_timeline t JOIN peer_mentor_certifications c ON c.id = t.certification_id
		  JOIN certification_types y ON y.organisation_id = c.organisation_id AND y.code = c.certification_type AND y.required
		 WHERE t.peer_mentor_id = m.id AND t.event IN ('issued', 'renewed', 'corrected') AND d.day BETWEEN t.issued_at AND t.expires_at + y.grace_days
		   AND coalesce((SELECT n.event FROM certification_timeline n WHERE n.certification_id = t.certification_id AND n.position > t.position
		                    AND n.event IN ('issued', 'renewed', 'corrected') ORDER BY n.position LIMIT 1), '') <> 'corrected'),
	       d.day
	  FROM peer_mentors m JOIN organisations o ON o.id = m.organisation_id
	 CROSS JOIN LATERAL (SELECT g::date AS day FROM generate_series(current_date - 260, current_date - 1, interval '1 day') g) d
	 CROSS JOIN LATERAL (SELECT n.new_status FROM peer_mentor_status_history n WHERE n.mentor_id = m.id AND n.effective_on <= d.day ORDER BY n.version DESC LIMIT 1) h
	 WHERE (m.deleted_at IS NULL OR d.day < (m.deleted_at AT TIME ZONE o.time_zone)::date) AND d.day < (now() AT TIME ZONE o.time_zone)::date
$$;

-- One number after the other: mentors on each day, certified apart, reports of three weeks each, and transitions.
CREATE FUNCTION erasure.numbers() RETURNS TABLE (what text, organisation_id uuid, chapter_id uuid, kind text, from_day date, to_day date, n bigint)
LANGUAGE plpgsql SET search_path = public, pg_temp SET client_min_messages = warning AS $$
#variable_conflict use_column
BEGIN
	DROP TABLE IF EXISTS d;
	CREATE TEMP TABLE d AS SELECT * FROM erasure.days();
	RETURN QUERY
	SELECT 'on the day', u.organisation_id, u.chapter_id, u.kind, u.day, u.day, sum(u.n)::bigint FROM (
		SELECT d.organisation_id, d.chapter_id, d.status || CASE WHEN d.certified THEN ' certified' ELSE '' END AS kind, d.day, 1 AS n FROM d
		UNION ALL
		SELECT e.organisation_id, e.chapter_id, e.status || CASE WHEN e.certified THEN ' certified' ELSE '' END, g::date, e.mentors
		  FROM erased_spans e CROSS JOIN LATERAL generate_series(e.from_day, e.to_day, interval '1 day') g WHERE g >= current_date - 260) u
	 GROUP BY 1, 2, 3, 4, 5, 6;
	RETURN QUERY
	SELECT 'report', o.id, r.chapter_id, to_jsonb(r)::text, p.from_day, p.from_day + 20, r.mentor_days
	  FROM organisations o CROSS JOIN (SELECT current_date - 250 + 24 * i FROM generate_series(0, 9) i) p (from_day)
	 CROSS JOIN LATERAL peer_mentor_private.report_rows(o.id, p.from_day, p.from_day + 20) r;
	RETURN QUERY
	SELECT 'transitions', u.organisation_id, u.chapter_id, u.kind, u.day, u.day, sum(u.n)::bigint FROM (
		SELECT m.organisation_id, erasure.chapter_on(m.id, h.effective_on) AS chapter_id,
		       h.reason || ' to ' || h.new_status AS kind, h.effective_on AS day, 1 AS n
		  FROM peer_mentor_status_history h JOIN peer_mentors m ON m.id = h.mentor_id
		UNION ALL
		SELECT e.organisation_id, e.chapter_id, e.reason || ' to ' || e.new_status, e.effective_on, e.transitions FROM erased_transitions e) u
	 GROUP BY 1, 2, 3, 4, 5, 6;
END
$$;

-- ---- every column of every table

CREATE FUNCTION erasure.found(needle text) RETURNS TABLE (place text, n bigint) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c record;
BEGIN
	FOR c IN
		SELECT r.oid::regclass AS relation, a.attname FROM pg_class r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
		 WHERE r.relkind IN ('r', 'p', 'm') AND r.relnamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace)
		 ORDER BY r.oid::regclass::text, a.attnum
	LOOP
		place := format('%s.%s', c.relation, c.attname);
		EXECUTE format('SELECT count(*) FROM %s t WHERE strpos(lower(t.%I::text), lower($1)) > 0', c.relation, c.attname) INTO n USING needle;
		IF n > 0 THEN
			RETURN NEXT;
		END IF;
	END LOOP;
END
$$;

-- Rows of others: those that say none of this and belong to none of these events. What is left of the erased is not theirs.
CREATE FUNCTION erasure.rows_without(needles text[], events text[]) RETURNS TABLE (relation text, row_text text) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c record;
BEGIN
	FOR c IN
		SELECT r.oid::regclass AS relation FROM pg_class r
		 WHERE r.relkind = 'r' AND r.relnamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace)
		   AND r.relname NOT IN ('erased_spans', 'erased_transitions')
	LOOP
		RETURN QUERY EXECUTE format('SELECT %L::text, j.row::text FROM %s t CROSS JOIN LATERAL (SELECT to_jsonb(t) AS row OFFSET 0) j
			WHERE NOT EXISTS (SELECT FROM unnest($1) n WHERE strpos(lower(j.row::text), lower(n)) > 0) AND coalesce(j.row ->> ''event_id'' <> ALL ($2), true)',
			c.relation, c.relation) USING needles, events;
	END LOOP;
END
$$;
