-- Everything that the nightly run decides, one line each, without what differs between two runs that decide the same: ids
-- of new rows, times of the clock, the run itself.
SELECT format('status %s: %s v%s %s until %s', s.mentor_id, s.status, s.version, s.pause_reason, s.expected_return_date)
  FROM public.peer_mentor_status s
UNION ALL
SELECT format('history %s v%s: %s to %s for %s by %s on %s, run %s', h.mentor_id, h.version, h.previous_status, h.new_status, h.reason, h.actor_kind,
              h.effective_on, h.job_run_id IS NOT NULL)
  FROM public.peer_mentor_status_history h
UNION ALL
SELECT format('event %s number %s: %s %s %s about %s, %s', e.mentor_id, row_number() OVER (PARTITION BY e.mentor_id, e.delivered_at IS NULL ORDER BY e.id), e.channel,
              e.event_type, e.payload - 'job_run_id',
              CASE WHEN e.channel = 'portal_sync' THEN 'the listing'
                   WHEN e.event_type = 'status_changed'
                   THEN (SELECT format('version %s', h.version) FROM public.peer_mentor_status_history h WHERE e.dedupe_key = e.event_type || ':' || h.id)
                   ELSE e.dedupe_key END, e.delivered_at IS NOT NULL)
  FROM public.outbox_events e
UNION ALL
SELECT format('reminders %s %s: ends %s, sent %s, to come %s, next %s, told %s', r.mentor_id, r.certification_type, r.expiry_date, r.reminders_sent,
              r.rungs_pending, r.next_on, r.last_reminder_at IS NOT NULL)
  FROM public.cert_expiry_reminders r
UNION ALL
SELECT format('pause %s number %s: %s %s until %s, %s, told %s, resumes %s', p.mentor_id, p.number, p.status, p.pause_reason, p.expected_return_date,
              p.ended_by, p.overdue_told_on, p.resumes)
  FROM (SELECT p.*, row_number() OVER w AS number, p.resumes_pause_id = lag(p.id, 2) OVER w AS resumes
          FROM public.pause_records p WINDOW w AS (PARTITION BY p.mentor_id ORDER BY p.paused_at, p.created_at)) p
UNION ALL
SELECT format('certification %s %s: %s, %s to %s', c.peer_mentor_id, c.certification_type, c.status, c.issued_at, c.expires_at)
  FROM public.peer_mentor_certifications c
UNION ALL
SELECT format('entry %s %s number %s: %s, %s to %s by %s, run %s', t.peer_mentor_id, t.certification_type, t.position, t.event, t.issued_at, t.expires_at,
              t.actor_kind, t.job_run_id IS NOT NULL)
  FROM public.certification_timeline t
UNION ALL
SELECT format('review of %s: %s', r.mentor_id, r.reason) FROM peer_mentor_private.mentor_reviews r
UNION ALL
SELECT format('changed ladder of %s', l.organisation_id) FROM peer_mentor_private.ladder_changes l
UNION ALL
SELECT format('changed rules of %s %s', t.organisation_id, t.code) FROM public.certification_types t WHERE t.rules_changed_at IS NOT NULL
UNION ALL
SELECT format('request %s', i.key) FROM public.idempotent_requests i
UNION ALL
SELECT format('run of long ago %s', r.started_at) FROM public.job_runs r WHERE r.worker_pid = 1
UNION ALL
SELECT format('failure in %s: %s %s of %s, resolved %s', f.step, f.sqlstate, f.message, f.mentor_id, f.resolved_at IS NOT NULL) FROM public.job_run_failures f
UNION ALL
SELECT format('finding about %s: %s, resolved %s', d.mentor_id, d.kind, d.resolved_at IS NOT NULL) FROM public.status_discrepancies d
UNION ALL
SELECT format('unknown run %s of %s', h.job_run_id, h.mentor_id) FROM public.peer_mentor_status_history h
 WHERE h.job_run_id IS NOT NULL AND NOT EXISTS (SELECT FROM public.job_runs r WHERE r.id = h.job_run_id)
 ORDER BY 1;

-- what all runs together say they did
SELECT format('counted %s: %s', c.key, sum(c.value::bigint))
  FROM public.job_runs r, jsonb_each(r.counts) s, jsonb_each_text(s.value) c
 WHERE c.key NOT IN ('total', 'done', 'failed', 'skipped', 'looked_at', 'up_to')
 GROUP BY c.key HAVING sum(c.value::bigint) > 0 ORDER BY 1;
