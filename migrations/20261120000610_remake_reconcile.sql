-- Reconciliation: what is not as the promises say.  Every migrate() makes these again.

CREATE OR REPLACE FUNCTION peer_mentor_private.discrepancy_kinds() RETURNS TABLE (kind text, meaning text, repair text, refusal text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
	VALUES
		('status_missing', 'the mentor has no status row', 'made from the newest history row; without one the mentor is registered', 'the history is not whole'),
		('status_several', 'more than one status row', NULL, 'nobody knows which of them counts'),
		('status_differs', 'status or version is not that of the newest history row', 'set to what the newest history row says', 'the history is not whole'),
		('history_missing', 'a status without any history', NULL, 'history is never invented'),
		('history_gap', 'versions are missing in the history', NULL, 'history is never rewritten; look for the rows in a backup'),
		('history_chain', 'a history row does not begin with the status that the one before ended with', NULL, 'history is never rewritten; look for the rows in a backup'),
		('history_edge', 'a history row is no edge of the state machine', NULL, 'history is never rewritten'),
		('history_day', 'a history row holds from a day before that of the row before it', NULL, 'history is never rewritten'),
		('pause_missing', 'paused or expired_cert without a live pause record', 'a record is made from the status and the newest history row', 'the history is not whole'),
		('pause_left', 'active with a live pause record', 'the record is ended at the moment the mentor became active', 'the history is not whole'),
		('pauses_several', 'more than one live pause record', 'all but the one that agrees with the status are cancelled', 'not exactly one of them agrees with the status'),
		('pause_differs', 'the live pause record and the status disagree', 'one of another status is ended and made anew; reason and return date are set to the status row''s', 'the history is not whole'),
		('pause_lost', 'fewer pause records than changes to paused and expired_cert', NULL, 'what the missing record said is not known'),
		('pause_unlinked', 'a pause resumes one that is not there, was not interrupted, or is somebody else''s', NULL, 'which pause it resumes is not known'),
		('certification_differs', 'the stored status of a certification is not what its dates say: it lapsed and was not processed, or is valid again', 'the mentor is looked at, as by the nightly run', 'the history is not whole'),
		('certification_ignored', 'a required certification blocks and the status is not expired_cert, or the other way round', 'the mentor is looked at, as by the nightly run', 'the history is not whole'),
		('renewals_differ', 'no entry of the renewal history has the present dates of the certification', NULL, 'which of the two is right is not known; correct_certification() puts it right'),
		('renewals_malformed', 'entries of a renewal history that are not of their shape', NULL, 'what they should say is not known'),
		('primary_missing', 'chapters, but none of them primary', 'the oldest membership becomes primary', NULL),
		('primaries_several', 'more than one primary chapter', 'the one that the status names stays', 'the status names none of them'),
		('chapter_differs', 'the chapter of the status row is not the primary one', 'mirrored again', NULL),
		('roster_differs', 'what the status row mirrors of the mentor and the certifications, for the order of the roster', 'mirrored again', NULL),
		('organisation_differs', 'rows that are tied to the mentor belong to another organisation', NULL, 'which of the two organisations is right is not known'),
		('reminder_missing', 'a certification without its row of reminders', 'armed', NULL),
		('reminder_differs', 'reminders of another expiry date than the certification''s', 'armed for the present date', NULL),
		('reminder_asleep', 'reminders are to come, but no day is noted on which to look', 'armed', NULL),
		('reminder_left', 'reminders of a certification that is not there', 'removed', NULL),
		('event_missing', 'a change that was not told to anybody', 'the notification is written', 'the history is not whole'),
		('event_unfounded', 'a change was told that is not in the history', NULL, 'what was told cannot be taken back'),
		('portal_differs', 'the newest portal event does not say what the listing shows', 'the portal is told', NULL),
		('run_missing', 'the history refers to a run that is not in job_runs', NULL, 'what the run was is not known; look for the row in a backup'),
		('reference_broken', 'rows refer to one that is not there', NULL, 'restore the row that is missing; what is left of a mentor is removed by erase_mentor()')
$$;
COMMENT ON FUNCTION peer_mentor_private.discrepancy_kinds() IS
	'Every kind of finding: what it means, what a repair does (NULL: nothing), and why it may refuse.';

-- Two things that say the same of a mentor are compared once: where one is wrong, what follows from it is
-- held against the one that counts, so that one drift is one finding.  What the nightly run is yet to look at,
-- as it was told, is none.
CREATE OR REPLACE FUNCTION peer_mentor_private.discrepancies(as_of timestamptz, mentors uuid[])
RETURNS TABLE (kind text, mentor_id uuid, about text, found jsonb, expected jsonb)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
	-- delivered events are purged; one day less, as the purge counts from another moment
	told_since constant timestamptz := clock_timestamp()
		- make_interval(days => coalesce(nullif(current_setting('peer_mentor.keep_delivered_events', true), '')::integer, 90) - 1);
BEGIN
	RETURN QUERY
	WITH edge AS MATERIALIZED (
		SELECT t.from_status, t.to_status, t.reason FROM peer_mentor.status_transitions() t
	), mentor AS MATERIALIZED (
		SELECT m.id, m.organisation_id, m.deleted_at IS NULL AS present,
		       EXISTS (SELECT FROM peer_mentor_private.mentor_reviews v WHERE v.mentor_id = m.id) AS awaits_review, (as_of AT TIME ZONE coalesce(o.time_zone, 'UTC'))::date AS today,
		       r.n AS status_rows, s.status, s.version, s.pause_reason, s.expected_return_date, s.chapter_id,
		       h.id AS newest, h.new_status, h.version AS newest_version, l.lost,
		       CASE WHEN h.id IS NULL OR l.lost THEN s.status ELSE h.new_status END AS counts,
		       p.records, p.live AS live_pauses, p.live_status, p.live_reason, p.live_return, c.live AS live_chapters, c.primaries, c.primary_id
		  FROM unnest(mentors) u (id)
		  JOIN public.peer_mentors m ON m.id = u.id
		  LEFT JOIN public.organisations o ON o.id = m.organisation_id
		  LEFT JOIN LATERAL (SELECT n.id, n.new_status, n.version FROM public.peer_mentor_status_history n
		                      WHERE n.mentor_id = m.id ORDER BY n.version DESC LIMIT 1) h ON true
		 CROSS JOIN LATERAL (SELECT count(*) AS n FROM public.peer_mentor_status x WHERE x.mentor_id = m.id) r
		  LEFT JOIN LATERAL (SELECT x.* FROM public.peer_mentor_status x WHERE x.mentor_id = m.id
		                      ORDER BY (x.status, x.version) IS NOT DISTINCT FROM (h.new_status, h.version) DESC, x.version DESC LIMIT 1) s ON true
		 -- a version that the history does not have, but that was told: the newest rows of the history are gone
		 CROSS JOIN LATERAL (SELECT coalesce(s.version > h.version, false) AND EXISTS (
			SELECT FROM public.outbox_events e
			 WHERE e.mentor_id = m.id AND e.event_type = 'status_changed' AND (e.payload ->> 'version')::bigint = s.version) AS lost) l
		 CROSS JOIN LATERAL (
			SELECT count(*) AS records, count(*) FILTER (WHERE x.status <> 'active') AS live,
			       min(x.status) FILTER (WHERE x.status <> 'active') AS live_status,
			       min(x.expected_return_date) FILTER (WHERE x.status <> 'active') AS live_return,
			       min(x.pause_reason) FILTER (WHERE x.status <> 'active') AS live_reason
			  FROM public.pause_records x WHERE x.mentor_id = m.id) p
		 CROSS JOIN LATERAL (
			SELECT count(*) AS live, count(*) FILTER (WHERE x.is_primary) AS primaries,
			       (min(x.chapter_id::text) FILTER (WHERE x.is_primary))::uuid AS primary_id
			  FROM public.mentor_chapters x WHERE x.mentor_id = m.id AND x.until IS NULL) c
	), step AS MATERIALIZED (
		SELECT m.id, m.organisation_id, m.counts, m.lost, m.records, m.live_pauses, n.id AS row_id, n.version, n.previous_status, n.new_status, n.reason, n.effective_on, n.changed_at,
		       n.job_run_id, n.chapter_id, n.version - coalesce(lag(n.version) OVER w, 0) AS ahead,
		       lag(n.new_status) OVER w AS status_before, lag(n.effective_on) OVER w AS effective_before
		  FROM mentor m JOIN public.peer_mentor_status_history n ON n.mentor_id = m.id
		WINDOW w AS (PARTITION BY n.mentor_id ORDER BY n.version)
	), judged AS MATERIALIZED (
		SELECT h.*, CASE WHEN h.ahead <> 1 THEN 'history_gap'
		                 WHEN h.previous_status IS DISTINCT FROM h.status_before THEN 'history_chain'
		                 WHEN NOT EXISTS (SELECT FROM edge e WHERE e.from_status IS NOT DISTINCT FROM h.previous_status::text
		                                     AND e.to_status = h.new_status::text AND e.reason = h.reason) THEN 'history_edge'
		                 WHEN h.effective_on < h.effective_before THEN 'history_day' END AS fault
		  FROM step h
	), held AS MATERIALIZED (
		SELECT m.id, m.present, m.organisation_id AS mentors_organisation, c.id AS certification, c.organisation_id,
		       c.certification_type, c.issued_at, c.expires_at, c.status, c.renewal_history, t.required,
		       t.code IS NOT NULL AS known, m.awaits_review OR t.rules_changed_at IS NOT NULL AS pending, CASE WHEN c.status = 'suspended' THEN 'suspended'
		            WHEN c.expires_at + t.grace_days < m.today THEN 'expired' ELSE 'active' END AS by_dates
		  FROM mentor m JOIN public.peer_mentor_certifications c ON c.peer_mentor_id = m.id
		  LEFT JOIN public.certification_types t ON t.organisation_id = c.organisation_id AND t.code = c.certification_type
	), told AS MATERIALIZED (
		SELECT m.id, m.newest, m.newest_version, m.lost AND (e.payload ->> 'version')::bigint <= m.version AS covered_by_gap,
		       e.dedupe_key, (e.payload ->> 'version')::bigint AS version
		  FROM mentor m JOIN public.outbox_events e ON e.mentor_id = m.id
		 WHERE e.channel = 'notification' AND e.event_type = 'status_changed' AND e.payload ? 'version'
	)
	SELECT 'status_missing', m.id, '', 'null'::jsonb,
	       jsonb_build_object('status', coalesce(m.new_status, 'active'), 'version', coalesce(m.newest_version, 1))
	  FROM mentor m WHERE m.status_rows = 0
	UNION ALL
	SELECT 'status_several', m.id, '', jsonb_build_object('rows', m.status_rows), jsonb_build_object('rows', 1)
	  FROM mentor m WHERE m.status_rows > 1
	UNION ALL
	SELECT 'status_differs', m.id, '', jsonb_build_object('status', m.status, 'version', m.version),
	       jsonb_build_object('status', m.new_status, 'version', m.newest_version)
	  FROM mentor m WHERE m.status_rows > 0 AND m.newest IS NOT NULL AND NOT m.lost AND (m.status, m.version) <> (m.new_status, m.newest_version)
	UNION ALL
	SELECT 'history_missing', m.id, '', jsonb_build_object('rows', 0), jsonb_build_object('rows', coalesce(m.version, t.version))
	  FROM mentor m LEFT JOIN (SELECT t.id, max(t.version) AS version FROM told t GROUP BY t.id) t ON t.id = m.id
	 WHERE m.newest IS NULL AND (m.status_rows > 0 OR t.version IS NOT NULL)
	UNION ALL
	SELECT h.fault, h.id, 'version ' || h.version,
	       jsonb_build_object('previous_status', h.previous_status, 'new_status', h.new_status, 'reason', h.reason, 'effective_on', h.effective_on),
	       CASE h.fault WHEN 'history_gap' THEN jsonb_build_object('version', h.version - h.ahead + 1)
	                    WHEN 'history_chain' THEN jsonb_build_object('previous_status', h.status_before)
	                    WHEN 'history_edge' THEN jsonb_build_object('reason_one_of', (
	                         SELECT coalesce(jsonb_agg(e.reason ORDER BY e.reason), '[]') FROM edge e
	                          WHERE e.from_status IS NOT DISTINCT FROM h.previous_status::text AND e.to_status = h.new_status::text))
	                    ELSE jsonb_build_object('effective_on_or_after', h.effective_before) END
	  FROM judged h WHERE h.fault IS NOT NULL
	UNION ALL
	SELECT 'history_gap', m.id, 'version ' || m.newest_version + 1, 'null'::jsonb, jsonb_build_object('version', m.newest_version + 1)
	  FROM mentor m WHERE m.lost
	UNION ALL
	SELECT CASE WHEN m.counts = 'active' THEN 'pause_left' WHEN m.live_pauses = 0 THEN 'pause_missing'
	            WHEN m.live_pauses > 1 THEN 'pauses_several' ELSE 'pause_differs' END, m.id, '',
	       jsonb_build_object('live', m.live_pauses, 'status', m.live_status, 'pause_reason', m.live_reason, 'expected_return_date', m.live_return),
	       CASE WHEN m.counts = 'active' THEN jsonb_build_object('live', 0)
	            ELSE jsonb_build_object('live', 1, 'status', m.counts, 'pause_reason', m.pause_reason, 'expected_return_date', m.expected_return_date) END
	  FROM mentor m
	 WHERE CASE WHEN m.counts IS NULL THEN false WHEN m.counts = 'active' THEN m.live_pauses > 0
	            ELSE m.live_pauses <> 1 OR m.live_status <> m.counts
	                 OR (m.status = m.counts AND (m.live_return IS DISTINCT FROM m.expected_return_date
	                                              OR (m.counts = 'paused' AND m.live_reason IS DISTINCT FROM m.pause_reason))) END
	UNION ALL
	SELECT 'pause_lost', h.id, '', jsonb_build_object('records', h.records), jsonb_build_object('records', count(*) FILTER (WHERE h.new_status <> 'active'))
	  FROM judged h
	 WHERE NOT h.lost AND h.live_pauses = CASE WHEN h.counts = 'active' THEN 0 ELSE 1 END
	 GROUP BY h.id, h.records
	HAVING h.records < count(*) FILTER (WHERE h.new_status <> 'active') AND count(h.fault) = 0
	UNION ALL
	SELECT 'pause_unlinked', m.id, 'pause ' || r.id, jsonb_build_object('resumes_pause_id', r.resumes_pause_id),
	       jsonb_build_object('ended_by', 'interrupted')
	  FROM mentor m JOIN public.pause_records r ON r.mentor_id = m.id AND r.resumes_pause_id IS NOT NULL
	 WHERE NOT EXISTS (SELECT FROM public.pause_records i WHERE i.id = r.resumes_pause_id AND i.mentor_id = m.id AND i.ended_by = 'interrupted')
	UNION ALL
	SELECT 'certification_differs', c.id, c.certification_type, jsonb_build_object('status', c.status, 'expires_at', c.expires_at),
	       jsonb_build_object('status', c.by_dates)
	  FROM held c WHERE c.present AND c.known AND NOT c.pending AND c.status <> c.by_dates
	UNION ALL
	SELECT 'certification_ignored', m.id, '', jsonb_build_object('status', m.counts), jsonb_build_object('blocked', b.blocked)
	  FROM mentor m
	 CROSS JOIN LATERAL (
		SELECT coalesce(bool_or(t.required AND f.by_dates <> 'active'), false) AS blocked,
		       coalesce(bool_or(x.status <> f.by_dates OR t.rules_changed_at IS NOT NULL), false) AS pending
		  FROM public.peer_mentor_certifications x
		  JOIN public.certification_types t ON t.organisation_id = x.organisation_id AND t.code = x.certification_type
		 CROSS JOIN LATERAL (SELECT CASE WHEN x.status = 'suspended' THEN 'suspended' WHEN x.expires_at + t.grace_days < m.today THEN 'expired'
		                                 ELSE 'active' END AS by_dates) f
		 WHERE x.peer_mentor_id = m.id) b
	 WHERE m.present AND m.counts IS NOT NULL AND NOT b.pending AND NOT m.awaits_review AND (m.counts = 'expired_cert') <> b.blocked
	UNION ALL
	SELECT 'renewals_differ', c.id, c.certification_type, c.renewal_history -> -1,
	       jsonb_build_object('issued_at', c.issued_at, 'expires_at', c.expires_at)
	  FROM held c
	 -- expired and restored entries repeat the dates that they find
	 WHERE NOT EXISTS (SELECT FROM unnest(ARRAY['issued', 'renewed', 'corrected', 'suspended', 'reinstated']) w
	                    WHERE c.renewal_history @> jsonb_build_array(jsonb_build_object('event', w, 'issued_at', c.issued_at, 'expires_at', c.expires_at)))
	   AND NOT EXISTS (SELECT FROM public.certification_renewal_events e WHERE e.certification_id = c.certification
	                      AND e.event NOT IN ('expired', 'restored') AND e.issued_at = c.issued_at AND e.expires_at = c.expires_at)
	UNION ALL
	SELECT 'renewals_malformed', c.id, c.certification_type, jsonb_build_object('well_formed', w.n), jsonb_build_object('well_formed', w.entries)
	  FROM held c
	 CROSS JOIN LATERAL (
		SELECT CASE WHEN jsonb_typeof(c.renewal_history) = 'array' THEN jsonb_array_length(c.renewal_history) ELSE 1 END AS entries,
		       jsonb_array_length(jsonb_path_query_array(c.renewal_history, '$[*] ? (@.schema_version == 1 && @.event.type() == "string"
			&& @.at.type() == "string" && @.issued_at.type() == "string" && @.expires_at.type() == "string" && @.actor_kind.type() == "string"
			&& (@.job_run_id.type() == "string" || @.job_run_id.type() == "null"))')) AS n) w
	 WHERE w.n <> w.entries
	UNION ALL
	SELECT CASE WHEN m.primaries = 0 THEN 'primary_missing' ELSE 'primaries_several' END, m.id, '',
	       jsonb_build_object('live', m.live_chapters, 'primary', m.primaries), jsonb_build_object('primary', 1)
	  FROM mentor m WHERE m.live_chapters > 0 AND m.primaries <> 1
	UNION ALL
	SELECT 'chapter_differs', m.id, '', jsonb_build_object('chapter_id', m.chapter_id), jsonb_build_object('chapter_id', m.primary_id)
	  FROM mentor m
	 WHERE m.status_rows > 0 AND (m.live_chapters = 0 OR m.primaries = 1) AND m.chapter_id IS DISTINCT FROM m.primary_id
	UNION ALL
	SELECT 'roster_differs', w.id, '', to_jsonb(w.found), to_jsonb(w.expected)
	  FROM (SELECT m.id, (SELECT x FROM (SELECT s.organisation_id, s.roster_name, s.on_roster, s.next_expires_on) x) AS found,
	               (SELECT x FROM (SELECT p.organisation_id, left(coalesce(p.display_name, ''), 100) AS roster_name, p.deleted_at IS NULL AS on_roster,
	                       (SELECT min(c.expires_at) FROM public.peer_mentor_certifications c
	                         WHERE c.peer_mentor_id = m.id AND c.status = 'active') AS next_expires_on) x) AS expected
	          FROM mentor m JOIN public.peer_mentors p ON p.id = m.id JOIN public.peer_mentor_status s ON s.mentor_id = m.id
	         WHERE m.status_rows = 1) w
	 WHERE w.found IS DISTINCT FROM w.expected
	UNION ALL
	SELECT 'organisation_differs', o.id, o.tied, jsonb_build_object('organisation_id', o.found), jsonb_build_object('organisation_id', o.expected)
	  FROM (SELECT DISTINCT ON (t.id, t.tied) t.* FROM (
		SELECT m.id, 'mentor_chapters' AS tied, c.organisation_id AS found, m.organisation_id AS expected
		  FROM mentor m JOIN public.mentor_chapters l ON l.mentor_id = m.id JOIN public.chapters c ON c.id = l.chapter_id
		UNION ALL
		SELECT c.id, 'peer_mentor_certifications', c.organisation_id, c.mentors_organisation FROM held c
		UNION ALL
		-- what the portal was told may be about an erased mentor who had the same id
		SELECT m.id, 'outbox_events', e.organisation_id, m.organisation_id FROM mentor m JOIN public.outbox_events e ON e.mentor_id = m.id AND e.channel = 'notification'
		UNION ALL
		SELECT h.id, 'peer_mentor_status_history', c.organisation_id, h.organisation_id FROM step h JOIN public.chapters c ON c.id = h.chapter_id
		UNION ALL
		SELECT m.id, 'coordinator_assignments', r.organisation_id, m.organisation_id
		  FROM mentor m JOIN public.coordinator_assignments a ON a.mentor_id = m.id AND a.ended_at IS NULL
		  JOIN public.role_assignments r ON r.user_id = a.coordinator_id AND r.ended_at IS NULL
		 WHERE NOT EXISTS (SELECT FROM public.role_assignments x
		                    WHERE x.user_id = a.coordinator_id AND x.ended_at IS NULL AND x.organisation_id = m.organisation_id)) t
	         WHERE t.found <> t.expected ORDER BY t.id, t.tied, t.found) o
	UNION ALL
	SELECT CASE WHEN r.id IS NULL THEN 'reminder_missing' WHEN r.expiry_date <> c.expires_at THEN 'reminder_differs' ELSE 'reminder_asleep' END,
	       c.id, c.certification_type, jsonb_build_object('expiry_date', r.expiry_date, 'next_on', r.next_on), jsonb_build_object('expiry_date', c.expires_at)
	  FROM held c
	  LEFT JOIN public.cert_expiry_reminders r ON r.mentor_id = c.id AND r.certification_type = c.certification_type
	 WHERE r.expiry_date IS DISTINCT FROM c.expires_at
	    OR (c.status <> 'suspended' AND r.next_on IS NULL AND coalesce(cardinality(r.rungs_pending), 1) > 0)
	UNION ALL
	SELECT 'reminder_left', m.id, r.certification_type, jsonb_build_object('expiry_date', r.expiry_date), 'null'::jsonb
	  FROM mentor m JOIN public.cert_expiry_reminders r ON r.mentor_id = m.id
	 WHERE NOT EXISTS (SELECT FROM public.peer_mentor_certifications c WHERE c.peer_mentor_id = m.id AND c.certification_type = r.certification_type)
	UNION ALL
	SELECT 'event_missing', h.id, 'version ' || h.version, 'null'::jsonb, jsonb_build_object('event_type', 'status_changed', 'version', h.version)
	  FROM step h
	 WHERE h.previous_status IS NOT NULL AND h.changed_at > told_since
	   AND NOT EXISTS (SELECT FROM public.outbox_events e WHERE e.channel = 'notification' AND e.dedupe_key = 'status_changed:' || h.row_id)
	UNION ALL
	SELECT 'event_unfounded', t.id, 'version ' || t.version, jsonb_build_object('event_type', 'status_changed', 'version', t.version), 'null'::jsonb
	  FROM (SELECT DISTINCT t.id, t.version FROM told t
	         WHERE t.newest IS NOT NULL AND NOT t.covered_by_gap
	           AND NOT EXISTS (SELECT FROM public.peer_mentor_status_history h WHERE h.mentor_id = t.id AND t.dedupe_key = 'status_changed:' || h.id)
	           AND (t.version > t.newest_version
	                OR EXISTS (SELECT FROM public.peer_mentor_status_history h WHERE h.mentor_id = t.id AND h.version = t.version))) t
	UNION ALL
	-- of a mentor whose status and certifications agree; the others are told when that is mended
	SELECT 'portal_differs', m.id, '', jsonb_build_object('told', p.state), jsonb_build_object('state', x.state)
	  FROM mentor m
	  JOIN public.peer_mentors k ON k.id = m.id
	  JOIN public.organisations o ON o.id = m.organisation_id AND o.portal_sync <> 'off'
	  LEFT JOIN peer_mentor_private.portal_mentors p ON p.mentor_id = m.id
	 CROSS JOIN LATERAL (
		SELECT count(*) FILTER (WHERE t.required) AS held,
		       count(*) FILTER (WHERE t.required AND (c.status = 'suspended' OR c.expires_at + t.grace_days < m.today)) AS blocking,
		       coalesce(bool_or(c.status <> 'suspended' AND (c.status = 'expired') <> (c.expires_at + t.grace_days < m.today) OR t.rules_changed_at IS NOT NULL), false) AS pending
		  FROM public.peer_mentor_certifications c
		  JOIN public.certification_types t ON t.organisation_id = c.organisation_id AND t.code = c.certification_type
		 WHERE c.peer_mentor_id = m.id) f
	 CROSS JOIN LATERAL (SELECT CASE WHEN NOT m.present THEN 'removed' WHEN k.listed AND m.status = 'active' AND f.held > 0 AND f.blocking = 0 THEN 'shown'
	                                 ELSE 'hidden' END AS state) x
	 WHERE NOT f.pending AND NOT m.awaits_review AND m.status = m.counts AND (NOT m.present OR (m.status = 'expired_cert') = (f.blocking > 0))
	   AND CASE x.state WHEN 'shown' THEN p.state IS DISTINCT FROM 'shown' WHEN 'hidden' THEN p.state = 'shown' ELSE p.state <> 'removed' END
	UNION ALL
	SELECT 'run_missing', r.id, 'run ' || r.job_run_id, jsonb_build_object('job_run_id', r.job_run_id, 'first_version', r.version), 'null'::jsonb
	  FROM (SELECT h.id, h.job_run_id, min(h.version) AS version FROM step h WHERE h.job_run_id IS NOT NULL GROUP BY 1, 2) r
	 WHERE NOT EXISTS (SELECT FROM public.job_runs j WHERE j.id = r.job_run_id);
END
$$;
COMMENT ON FUNCTION peer_mentor_private.discrepancies(timestamptz, uuid[]) IS
	'What is not as the promises say about these mentors, as of this moment: one row for each kind and thing it is about.';

-- Foreign keys do not hold where rows were written with triggers off, and some links have none.
CREATE OR REPLACE FUNCTION peer_mentor_private.broken_references()
RETURNS TABLE (kind text, mentor_id uuid, about text, found jsonb, expected jsonb)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
	f      record;
	broken jsonb;
BEGIN
	FOR f IN
		SELECT c.conname, c.conrelid::regclass AS child, c.confrelid::regclass AS parent, 'true' AS condition,
		       string_agg(format('c.%I = p.%I', a.attname, b.attname), ' AND ' ORDER BY k.i) AS matches,
		       string_agg(format('c.%I IS NOT NULL', a.attname), ' AND ' ORDER BY k.i) AS given,
		       string_agg(format('c.%I', a.attname), ', ' ORDER BY k.i) AS keys,
		       string_agg(format('%L, c.%I', a.attname, a.attname), ', ' ORDER BY k.i) AS named
		  FROM pg_constraint c
		 CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY k (child, parent, i)
		  JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.child
		  JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.parent
		 WHERE c.contype = 'f' AND c.conparentid = 0
		   AND (c.conrelid = ANY (ARRAY(SELECT to_regclass(format('public.%I', e.name)) FROM peer_mentor_private.engine_tables() e (name)))
		        OR (c.connamespace = 'public'::regnamespace
		            AND c.confrelid = ANY (ARRAY['public.organisations'::regclass, 'public.chapters', 'public.peer_mentors', 'public.certification_types']))
		        OR (c.conrelid = ANY (ARRAY['public.peer_mentors'::regclass, 'public.role_assignments', 'public.coordinator_assignments'])
		            AND c.confrelid = to_regclass('auth.users')))
		   -- a type of somebody else's may have casts that would run with our rights
		   AND pg_has_role((SELECT k.relowner FROM pg_class k WHERE k.oid = c.conrelid), 'USAGE')
		   -- rows that we may not read are not missing
		   AND has_table_privilege(c.conrelid, 'SELECT') AND has_table_privilege(c.confrelid, 'SELECT')
		   AND NOT row_security_active(c.confrelid) AND NOT row_security_active(c.conrelid)
		 GROUP BY c.oid, c.conname, c.conrelid, c.confrelid
		UNION ALL
		SELECT v.child || '_mentor_id', v.child::regclass, 'public.peer_mentors'::regclass, v.condition,
		       'c.mentor_id = p.id', 'true', 'c.mentor_id', '''mentor_id'', c.mentor_id'
		  -- the portal is still told of a mentor who is erased
		  FROM (VALUES ('public.outbox_events', $c$c.channel = 'notification'$c$), ('public.undeliverable_notifications', 'true')) v (child, condition)
		 ORDER BY 2, 1
	LOOP
		EXECUTE format(
			'SELECT jsonb_agg(to_jsonb(x)) FROM ('
			'SELECT concat_ws('' '', %L, %s) AS about, jsonb_build_object(''table'', %L, ''rows'', count(*), %s) AS found '
			'  FROM %s c WHERE %s AND %s AND NOT EXISTS (SELECT FROM %s p WHERE %s) GROUP BY %s) x',
			f.conname || ':', f.keys, f.child, f.named, f.child, f.given, f.condition, f.parent, f.matches, f.keys) INTO broken;
		RETURN QUERY
		SELECT 'reference_broken', NULL::uuid, b.entry ->> 'about', b.entry -> 'found', jsonb_build_object('row_of', f.parent::text)
		  FROM jsonb_array_elements(broken) b (entry);
	END LOOP;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.broken_references() IS
	'Rows of ours that refer to one that is not there, of every foreign key and of the links that have none; one row for each that is missing.';

CREATE OR REPLACE FUNCTION peer_mentor_private.keep_findings(mentors uuid[], as_of timestamptz, again boolean DEFAULT true, OUT open bigint, OUT resolved bigint)
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
	-- findings that are open are looked at every time, so that one that is gone does not stay for the months of a round
	WITH open_elsewhere AS MATERIALIZED (
		SELECT DISTINCT d.mentor_id FROM public.status_discrepancies d
		 WHERE again AND d.resolved_at IS NULL AND d.mentor_id IS NOT NULL AND d.mentor_id <> ALL (mentors) LIMIT 1000
	), looked_at AS MATERIALIZED (
		SELECT mentors || ARRAY(SELECT o.mentor_id FROM open_elsewhere o) AS ids
	), now AS MATERIALIZED (
		SELECT n.* FROM looked_at l CROSS JOIN LATERAL peer_mentor_private.discrepancies(as_of, l.ids) n WHERE mentors IS NOT NULL
		UNION ALL
		SELECT b.* FROM peer_mentor_private.broken_references() b WHERE mentors IS NULL
	), kept_from_deletion AS MATERIALIZED (
		SELECT m.id FROM public.peer_mentors m WHERE m.id IN (SELECT n.mentor_id FROM now n WHERE n.mentor_id = ANY (mentors)) ORDER BY m.id FOR KEY SHARE
	), gone AS (
		UPDATE public.status_discrepancies d SET resolved_at = clock_timestamp()
		  FROM looked_at l
		 WHERE CASE WHEN mentors IS NULL THEN d.mentor_id IS NULL ELSE d.mentor_id = ANY (l.ids) END AND d.resolved_at IS NULL
		   AND NOT EXISTS (SELECT FROM now n WHERE n.mentor_id IS NOT DISTINCT FROM d.mentor_id AND n.kind = d.kind AND n.about = d.about)
		RETURNING 1
	), kept AS (
		INSERT INTO public.status_discrepancies AS d (kind, mentor_id, about, found, expected)
		SELECT n.kind, n.mentor_id, n.about, coalesce(n.found, 'null'), n.expected
		  FROM now n WHERE mentors IS NULL OR n.mentor_id IN (SELECT k.id FROM kept_from_deletion k)
		 ORDER BY n.mentor_id, n.kind, n.about
		ON CONFLICT (mentor_id, kind, about) WHERE resolved_at IS NULL
		DO UPDATE SET found = EXCLUDED.found, expected = EXCLUDED.expected WHERE (d.found, d.expected) IS DISTINCT FROM (EXCLUDED.found, EXCLUDED.expected)
	)
	SELECT (SELECT count(*) FROM now n WHERE mentors IS NULL OR n.mentor_id = ANY (mentors)), (SELECT count(*) FROM gone)
$$;
COMMENT ON FUNCTION peer_mentor_private.keep_findings(uuid[], timestamptz, boolean) IS
	'Opens and closes findings about these mentors; about references where mentors is NULL. again: also close what is gone of other mentors. Called by statements of the engine.';

SELECT peer_mentor_private.record_migration(20261120000610, 'remake_reconcile');
