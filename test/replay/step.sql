-- One month, whose name is in :step: what arrived is imported, the nightly run of :as_of follows, and whatever differs
-- from the model is printed.
INSERT INTO replay.counted
SELECT :'step', o.id, i.* FROM public.organisations o, peer_mentor.import_register(o.id, o.name || ' ' || :'step', create_missing => true) i
 WHERE EXISTS (SELECT FROM replay.expected_count e WHERE e.step = :'step' AND e.organisation = o.name);
CALL peer_mentor.run_nightly(as_of => :'as_of');

SELECT 'counts of ' || e.organisation, e, c
  FROM replay.expected_count e
  JOIN public.organisations o ON o.name = e.organisation
  LEFT JOIN replay.counted c ON c.step = e.step AND c.organisation_id = o.id
 WHERE e.step = :'step'
   AND (c.imported + c.renewed + c.unchanged + c.rejected, c.rejected, c.imported) IS DISTINCT FROM (e.rows, e.rejected, e.first_terms);

SELECT 'rejected without a reason, or the other way round', r.* FROM public.register_import r
 WHERE right(r.batch, 7) = :'step' AND (r.error IS NULL) <> (r.imported_at IS NOT NULL);

INSERT INTO replay.expected_now
SELECT o.id, e.mentor_key, e.status FROM replay.expected_status e JOIN public.organisations o ON o.name = e.organisation
 WHERE e.step = :'step'
    ON CONFLICT (organisation_id, mentor_key) DO UPDATE SET status = EXCLUDED.status;

SELECT 'status', e.organisation_id, e.mentor_key, e.status AS expected, s.status AS found
  FROM replay.expected_now e
  FULL JOIN (SELECT m.organisation_id, m.external_key, p.status::text FROM public.peer_mentors m
               LEFT JOIN public.peer_mentor_status p ON p.mentor_id = m.id) s
    ON s.organisation_id = e.organisation_id AND s.external_key = e.mentor_key
 WHERE e.status IS DISTINCT FROM s.status;

-- From which day the new status holds: a lapse from the day after the last valid one, anything imported from a term's
-- day, and nothing from before the day of the row before.
WITH arrived AS (
	SELECT r.batch, r.mentor_key, array_agg(r.issued_on::date) AS days FROM public.register_import r
	 WHERE right(r.batch, 7) = :'step' AND r.error IS NULL GROUP BY r.batch, r.mentor_key
)
SELECT 'day or reason', e.mentor_key, e.status, e.cause, e.since, h.*, b.effective_on AS before
  FROM replay.expected_status e
  JOIN public.organisations o ON o.name = e.organisation
  JOIN public.peer_mentors m ON m.organisation_id = o.id AND m.external_key = e.mentor_key
  JOIN public.peer_mentor_status s ON s.mentor_id = m.id
  JOIN public.peer_mentor_status_history h ON h.mentor_id = m.id AND h.version = s.version
  LEFT JOIN public.peer_mentor_status_history b ON b.mentor_id = m.id AND b.version = s.version - 1
  LEFT JOIN public.job_runs j ON j.id = h.job_run_id
  LEFT JOIN arrived term ON term.batch = e.organisation || ' ' || e.step AND term.mentor_key = e.mentor_key
 WHERE e.step = :'step'
   AND CASE e.cause
       WHEN 'lapsed' THEN h.reason <> 'certification_expired' OR h.effective_on <> greatest(e.since, b.effective_on)
                          OR j.as_of IS DISTINCT FROM :'as_of'::timestamptz OR h.actor_kind <> 'system'
       WHEN 'suspended' THEN h.reason <> 'certification_suspended'
                          OR (h.effective_on <> ALL (term.days) AND h.effective_on <> b.effective_on)
       ELSE h.reason NOT IN ('registered', 'certification_renewed')
            OR (h.effective_on <> ALL (term.days) AND h.effective_on IS DISTINCT FROM b.effective_on)
       END;

SELECT 'run', count(*), string_agg(j.status, ' '), string_agg(j.error, ' ') FROM public.job_runs j WHERE j.as_of = :'as_of'
HAVING (count(*), min(j.status), min(j.error)) IS DISTINCT FROM (1, 'succeeded', NULL::text);

\ir ../checks/promises.sql
