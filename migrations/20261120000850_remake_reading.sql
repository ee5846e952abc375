-- The roster and the reports.  Every migrate() makes them again.

CREATE OR REPLACE FUNCTION public.coordinator_roster(page_size integer DEFAULT 50, after text DEFAULT NULL, statuses public.mentor_status[] DEFAULT NULL,
	chapter_id uuid DEFAULT NULL, expiring_within_days integer DEFAULT NULL, overdue_only boolean DEFAULT false, search text DEFAULT NULL)
RETURNS TABLE (mentor_id uuid, display_name text, primary_chapter uuid, chapters uuid[], status public.mentor_status, version bigint,
	pause_reason text, paused_at timestamptz, expected_return_date date, overdue boolean, next_expiring_type text, next_expires_at date,
	days_left integer, coordinators uuid[], undelivered bigint, discrepancies bigint, cursor text)
LANGUAGE plpgsql STABLE ROWS 50 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT r.mentor_id, r.display_name, r.primary_chapter, r.chapters, r.status::public.mentor_status, r.version, r.pause_reason, r.paused_at,
	       r.expected_return_date, r.overdue, r.next_expiring_type, r.next_expires_at, r.days_left, r.coordinators, r.undelivered,
	       r.discrepancies, r.cursor
	  FROM peer_mentor.coordinator_roster(coordinator_roster.page_size, coordinator_roster.after, coordinator_roster.statuses::text[],
		coordinator_roster.chapter_id, coordinator_roster.expiring_within_days, coordinator_roster.overdue_only, coordinator_roster.search) r;
END
$$;
COMMENT ON FUNCTION public.coordinator_roster(integer, text, public.mentor_status[], uuid, integer, boolean, text) IS
	'One page of the mentors whom the caller looks after: of chapters they coordinate or administer, assigned to them, of an organisation they administer; each once, what needs attention first. Order: expired_cert by name; then the others by the day on which something falls due (return date or expiry, whichever comes first; without either last), then name. page_size: 1 to 500. after: column cursor of the last row of the page before; NULL for the first. statuses, chapter_id, expiring_within_days (0 to 36500), overdue_only (return date passed), search (part of the name, whatever the case): filters. next_*: the nearest expiry, for an expired_cert that of what lapsed; days_left counts to the last valid day and is negative after it. undelivered: notifications nobody could be found for; discrepancies: open findings. Callers: coordinator, chapter admin, org admin. Errors: not_allowed, invalid_argument.';

CREATE OR REPLACE FUNCTION peer_mentor_private.certification_terms(certification uuid) RETURNS TABLE (issued_at date, expires_at date)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	entry   record;
	issued  date[] := ARRAY[]::date[];
	expires date[] := ARRAY[]::date[];
	latest  integer;
BEGIN
	FOR entry IN
		SELECT t.event, t.issued_at, t.expires_at FROM public.certification_timeline t
		 WHERE t.certification_id = certification AND t.event IN ('issued', 'renewed', 'corrected') ORDER BY t.position
	LOOP
		latest := NULL;
		IF entry.event = 'corrected' THEN
			latest := (SELECT i FROM generate_subscripts(expires, 1) i ORDER BY expires[i] DESC, issued[i] DESC, i DESC LIMIT 1);
		END IF;
		latest := coalesce(latest, cardinality(expires) + 1);
		issued[latest] := entry.issued_at;
		expires[latest] := entry.expires_at;
	END LOOP;
	RETURN QUERY SELECT t.i, t.e FROM unnest(issued, expires) t (i, e);
END
$$;
COMMENT ON FUNCTION peer_mentor_private.certification_terms(uuid) IS
	'Terms of a certification, from its history. A correction takes the place of the term that ended last; import may have appended older ones after it.';

CREATE OR REPLACE FUNCTION peer_mentor_private.primary_chapters(organisation uuid, mentors uuid[])
RETURNS TABLE (mentor_id uuid, chapter_id uuid, days pg_catalog.daterange)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT s.mentor_id, s.chapter_id, daterange(s.first_day, s.end_day)
	  FROM (SELECT c.mentor_id, c.chapter_id, coalesce(c.until, 'infinity') AS end_day,
	               CASE WHEN row_number() OVER w = 1 THEN '-infinity'
	                    ELSE greatest(c.since, max(coalesce(c.until, 'infinity')) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) END AS first_day
	          FROM (SELECT m.id FROM public.peer_mentors m WHERE m.organisation_id = $1 AND $2 IS NULL
	                UNION ALL SELECT u.id FROM unnest($2) u (id)) m
	          JOIN public.mentor_chapters c ON c.mentor_id = m.id
	         WHERE c.is_primary AND c.until IS DISTINCT FROM c.since
	        WINDOW w AS (PARTITION BY c.mentor_id ORDER BY coalesce(c.until, 'infinity'), c.since, c.chapter_id)) s
	 WHERE s.first_day < s.end_day;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.primary_chapters(uuid, uuid[]) IS
	'Primary chapter of each day of these mentors, who may just have been deleted, or of all of the organisation: a change counts from its day on. A membership that was promoted counts from the end of the primary one before it; days before the first count for the first.';

CREATE OR REPLACE FUNCTION peer_mentor_private.certified_days(organisation uuid, mentors uuid[], from_day date, to_day date)
RETURNS TABLE (mentor_id uuid, days pg_catalog.datemultirange)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH held AS MATERIALIZED (
		SELECT c.id, c.peer_mentor_id, c.issued_at, c.expires_at, c.renewal_history, t.grace_days
		  FROM public.certification_types t
		  JOIN public.peer_mentor_certifications c ON c.organisation_id = t.organisation_id AND c.certification_type = t.code
		 WHERE t.organisation_id = $1 AND t.required AND $2 IS NULL
		UNION ALL
		SELECT c.id, c.peer_mentor_id, c.issued_at, c.expires_at, c.renewal_history, t.grace_days
		  FROM public.peer_mentor_certifications c
		  JOIN public.certification_types t ON t.organisation_id = c.organisation_id AND t.code = c.certification_type
		 WHERE c.peer_mentor_id = ANY ($2) AND t.required
	), corrected AS MATERIALIZED (
		SELECT h.id FROM held h
		 WHERE h.renewal_history @> '[{"event": "corrected"}]'
		    OR EXISTS (SELECT FROM public.certification_renewal_events r WHERE r.certification_id = h.id AND r.event = 'corrected')
	), term AS (
		SELECT h.peer_mentor_id, h.issued_at, h.expires_at + h.grace_days AS last_day FROM held h
		UNION ALL
		SELECT h.peer_mentor_id, (e.entry ->> 'issued_at')::date, (e.entry ->> 'expires_at')::date + h.grace_days
		  FROM held h CROSS JOIN jsonb_array_elements(h.renewal_history) e (entry) WHERE h.id NOT IN (SELECT x.id FROM corrected x)
		UNION ALL
		SELECT h.peer_mentor_id, r.issued_at, r.expires_at + h.grace_days
		  FROM held h JOIN public.certification_renewal_events r ON r.certification_id = h.id WHERE h.id NOT IN (SELECT x.id FROM corrected x)
		UNION ALL
		SELECT h.peer_mentor_id, t.issued_at, t.expires_at + h.grace_days
		  FROM corrected x JOIN held h ON h.id = x.id CROSS JOIN LATERAL peer_mentor_private.certification_terms(x.id) t
	)
	SELECT t.peer_mentor_id, range_agg(daterange(t.issued_at, t.last_day, '[]')) FROM term t
	 WHERE t.issued_at <= $4 AND t.last_day >= greatest($3, t.issued_at) GROUP BY t.peer_mentor_id;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.certified_days(uuid, uuid[], date, date) IS
	'Days on which a term of a certification that is required now, with the grace days of now, covers these mentors, or all of the organisation.';

CREATE OR REPLACE FUNCTION peer_mentor_private.status_days(organisation uuid, mentors uuid[], from_day date, to_day date)
RETURNS TABLE (mentor_id uuid, chapter_id uuid, status public.mentor_status, days pg_catalog.daterange, certified pg_catalog.datemultirange)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH span AS MATERIALIZED (
		SELECT s.mentor_id, s.new_status, s.days FROM (
			SELECT h.mentor_id, h.new_status,
			       daterange(h.effective_on, greatest(h.effective_on, least(lead(h.effective_on) OVER (PARTITION BY h.mentor_id ORDER BY h.version),
			           m.removed_on, $4 + 1))) * daterange($3, $4, '[]') AS days
			  FROM (SELECT p.id, (p.deleted_at AT TIME ZONE o.time_zone)::date AS removed_on
			          FROM public.organisations o JOIN public.peer_mentors p ON p.organisation_id = o.id WHERE o.id = $1 AND $2 IS NULL
			        UNION ALL SELECT u.id, NULL FROM unnest($2) u (id)) m
			  JOIN public.peer_mentor_status_history h ON h.mentor_id = m.id
			 WHERE h.effective_on <= $4) s
		 WHERE NOT isempty(s.days)
	), chapter AS MATERIALIZED (
		SELECT c.mentor_id, c.chapter_id, c.days FROM peer_mentor_private.primary_chapters($1, $2) c
	), covered AS MATERIALIZED (
		SELECT c.mentor_id, range_agg(c.days) AS days FROM chapter c GROUP BY c.mentor_id
	), piece AS (
		SELECT s.mentor_id, c.chapter_id, s.new_status, s.days * c.days AS days
		  FROM span s JOIN chapter c ON c.mentor_id = s.mentor_id AND c.days && s.days
		UNION ALL
		SELECT s.mentor_id, NULL, s.new_status, u.days
		  FROM span s LEFT JOIN covered c ON c.mentor_id = s.mentor_id
		 CROSS JOIN LATERAL unnest(datemultirange(s.days) - coalesce(c.days, '{}')) u (days)
	)
	SELECT p.mentor_id, p.chapter_id, p.new_status, p.days,
	       CASE WHEN p.new_status = 'active' THEN coalesce(z.days * datemultirange(p.days), '{}') END
	  FROM piece p LEFT JOIN peer_mentor_private.certified_days($1, $2, $3, $4) z ON z.mentor_id = p.mentor_id;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.status_days(uuid, uuid[], date, date) IS
	'What status these mentors, who may just have been deleted, or all of the organisation, had at the end of each day between the two, in which primary chapter; of active days also those with a valid required certification. By effective_on; of all of the organisation up to the day before a removal.';

CREATE OR REPLACE FUNCTION peer_mentor_private.status_moves(organisation uuid, mentors uuid[], from_day date, to_day date)
RETURNS TABLE (mentor_id uuid, chapter_id uuid, status public.mentor_status, reason text, day date)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	SELECT h.mentor_id, c.chapter_id, h.new_status, h.reason::text, h.effective_on
	  FROM (SELECT p.id FROM public.peer_mentors p WHERE p.organisation_id = $1 AND $2 IS NULL
	        UNION ALL SELECT u.id FROM unnest($2) u (id)) m
	  JOIN public.peer_mentor_status_history h ON h.mentor_id = m.id AND h.effective_on BETWEEN $3 AND $4
	  LEFT JOIN peer_mentor_private.primary_chapters($1, $2) c ON c.mentor_id = h.mentor_id AND c.days @> h.effective_on;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.status_moves(uuid, uuid[], date, date) IS
	'Transitions that these mentors, or all of the organisation, made on the days between the two, by effective_on.';

CREATE OR REPLACE FUNCTION peer_mentor_private.report_rows(organisation uuid, from_day date, to_day date)
RETURNS TABLE (chapter_id uuid, chapter text, status text, mentors bigint, mentor_days bigint, certified_mentors bigint, uncertified_mentors bigint,
	certified_days bigint, uncertified_days bigint, transitions jsonb)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	WITH counted AS (
		SELECT d.chapter_id, d.status, count(*) FILTER (WHERE d.days @> $3) AS mentors, sum(upper(d.days) - lower(d.days)) AS mentor_days,
		       count(*) FILTER (WHERE d.certified @> $3) AS certified_mentors,
		       sum((SELECT coalesce(sum(upper(r.days) - lower(r.days)), 0) FROM unnest(d.certified) r (days))) AS certified_days
		  FROM peer_mentor_private.status_days($1, NULL, $2, $3) d GROUP BY d.chapter_id, d.status
		UNION ALL
		SELECT e.chapter_id, e.status, sum(e.mentors) FILTER (WHERE e.to_day >= $3), sum(e.mentors * e.days),
		       sum(e.mentors) FILTER (WHERE e.to_day >= $3 AND e.certified), sum(e.mentors * e.days) FILTER (WHERE e.certified)
		  FROM (SELECT x.*, least(x.to_day, $3) - greatest(x.from_day, $2) + 1 AS days FROM public.erased_spans x
		         WHERE x.organisation_id = $1 AND x.from_day <= $3 AND x.to_day >= $2) e
		 GROUP BY e.chapter_id, e.status
	), days AS MATERIALIZED (
		SELECT c.chapter_id, c.status, sum(c.mentors)::bigint AS mentors, sum(c.mentor_days)::bigint AS mentor_days,
		       coalesce(sum(c.certified_mentors), 0)::bigint AS certified_mentors, coalesce(sum(c.certified_days), 0)::bigint AS certified_days
		  FROM counted c GROUP BY c.chapter_id, c.status
	), moves AS MATERIALIZED (
		SELECT r.chapter_id, r.status, jsonb_object_agg(r.reason, r.n) AS transitions
		  FROM (SELECT a.chapter_id, a.status, a.reason, sum(a.n)::bigint AS n
		          FROM (SELECT m.chapter_id, m.status, m.reason, 1 AS n FROM peer_mentor_private.status_moves($1, NULL, $2, $3) m
		                UNION ALL
		                SELECT x.chapter_id, x.new_status, x.reason, x.transitions FROM public.erased_transitions x
		                 WHERE x.organisation_id = $1 AND x.effective_on BETWEEN $2 AND $3) a
		         GROUP BY a.chapter_id, a.status, a.reason) r
		 GROUP BY r.chapter_id, r.status
	), place AS (
		SELECT c.id, c.name::text AS name FROM public.chapters c WHERE c.organisation_id = $1
		UNION ALL
		-- in none, or in one that was deleted after its last mentor was erased
		SELECT x.chapter_id, NULL FROM (SELECT d.chapter_id FROM days d UNION SELECT m.chapter_id FROM moves m) x
		 WHERE NOT EXISTS (SELECT FROM public.chapters c WHERE c.id = x.chapter_id)
	)
	SELECT p.id, p.name, s.status::text, coalesce(d.mentors, 0), coalesce(d.mentor_days, 0),
	       CASE WHEN s.status = 'active' THEN coalesce(d.certified_mentors, 0) END,
	       CASE WHEN s.status = 'active' THEN coalesce(d.mentors, 0) - coalesce(d.certified_mentors, 0) END,
	       CASE WHEN s.status = 'active' THEN coalesce(d.certified_days, 0) END,
	       CASE WHEN s.status = 'active' THEN coalesce(d.mentor_days - d.certified_days, 0) END,
	       coalesce(m.transitions, '{}')
	  FROM place p
	 CROSS JOIN unnest(enum_range(NULL::public.mentor_status)) s (status)
	  LEFT JOIN days d ON d.chapter_id IS NOT DISTINCT FROM p.id AND d.status = s.status
	  LEFT JOIN moves m ON m.chapter_id IS NOT DISTINCT FROM p.id AND m.status = s.status
	 ORDER BY p.name NULLS LAST, p.id, s.status
$$;
COMMENT ON FUNCTION peer_mentor_private.report_rows(uuid, date, date) IS 'What status_report() shows of the whole organisation.';

CREATE OR REPLACE FUNCTION public.status_report(organisation_id uuid, from_day date, to_day date)
RETURNS TABLE (chapter_id uuid, chapter text, status public.mentor_status, mentors bigint, mentor_days bigint, certified_mentors bigint,
	uncertified_mentors bigint, certified_days bigint, uncertified_days bigint, transitions jsonb)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	SELECT r.chapter_id, r.chapter, r.status::public.mentor_status, r.mentors, r.mentor_days, r.certified_mentors, r.uncertified_mentors,
	       r.certified_days, r.uncertified_days, r.transitions
	  FROM peer_mentor.status_report(status_report.organisation_id, status_report.from_day, status_report.to_day) r;
END
$$;
COMMENT ON FUNCTION public.status_report(uuid, date, date) IS
	'Numbers of an organisation from from_day to to_day, both inclusive local days, by effective_on and the primary chapter of each day: per chapter (NULL = in none) and status the mentors at the end of to_day, mentor-days at the end of each day, of active ones those with and without a valid required certification, and the transitions into the status by reason, {"reason": count}. A removed mentor counts up to the day before the removal. A chapter admin gets the chapters they administer. Callers: chapter admin, org admin, service. Errors: not_allowed, invalid_argument.';

CREATE OR REPLACE FUNCTION public.freeze_report(organisation_id uuid, from_day date, to_day date) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN peer_mentor.freeze_report(freeze_report.organisation_id, freeze_report.from_day, freeze_report.to_day);
END
$$;
COMMENT ON FUNCTION public.freeze_report(uuid, date, date) IS
	'Keeps status_report() as it is now in report_snapshots, for good, and returns its id. The same period again makes another one with the next number. Callers: org admin, service. Errors: not_allowed, invalid_argument.';

CREATE OR REPLACE FUNCTION public.frozen_report(snapshot_id uuid)
RETURNS TABLE (chapter_id uuid, chapter text, status public.mentor_status, mentors bigint, mentor_days bigint, certified_mentors bigint,
	uncertified_mentors bigint, certified_days bigint, uncertified_days bigint, transitions jsonb)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	kept record;
BEGIN
	SELECT s.report, s.checksum,
	       (s.report ->> 'organisation_id', s.report ->> 'from_day', s.report ->> 'to_day') IS NOT DISTINCT FROM
	       (s.organisation_id::text, to_char(s.from_day, 'YYYY-MM-DD'), to_char(s.to_day, 'YYYY-MM-DD')) AS of_its_days
	  INTO kept FROM public.report_snapshots s WHERE s.id = frozen_report.snapshot_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'report "%" does not exist', frozen_report.snapshot_id USING ERRCODE = '22023',
			DETAIL = jsonb_build_object('code', 'invalid_argument', 'argument', 'snapshot_id');
	END IF;
	IF NOT kept.of_its_days OR kept.checksum <> encode(sha256(convert_to(kept.report::text, 'UTF8')), 'hex') THEN
		RAISE EXCEPTION 'report "%" is not what was frozen', frozen_report.snapshot_id USING ERRCODE = 'XX001',
			HINT = 'The row was changed past its guards; take it from a backup.';
	END IF;
	RETURN QUERY
	SELECT r.chapter_id, r.chapter, r.status, r.mentors, r.mentor_days, r.certified_mentors, r.uncertified_mentors, r.certified_days,
	       r.uncertified_days, r.transitions
	  FROM jsonb_array_elements(kept.report -> 'rows') WITH ORDINALITY e (entry, position)
	 CROSS JOIN LATERAL jsonb_to_record(e.entry) AS r (chapter_id uuid, chapter text, status public.mentor_status, mentors bigint, mentor_days bigint,
		certified_mentors bigint, uncertified_mentors bigint, certified_days bigint, uncertified_days bigint, transitions jsonb)
	 ORDER BY e.position;
END
$$;
COMMENT ON FUNCTION public.frozen_report(uuid) IS
	'A frozen report, in the columns of status_report(). snapshot_id: id of report_snapshots. Raises XX001 where the row is not what was frozen. Callers: those who see the row, which are org admins and service; to others it does not exist. Errors: invalid_argument.';

SELECT peer_mentor_private.record_migration(20261120000850, 'remake_reading');
