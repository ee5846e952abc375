-- What one nightly run did, and one mentor's story.  run: its id.

SELECT d.command AS "pg_cron ran", d.status, d.start_time::timestamptz(0) AS at
  FROM cron.job_run_details d ORDER BY d.start_time LIMIT 1;

SELECT h.previous_status, h.new_status, h.reason, count(*) AS mentors
  FROM peer_mentor_status_history h WHERE h.job_run_id = :'run'
 GROUP BY h.previous_status, h.new_status, h.reason ORDER BY 4 DESC;

SELECT (r.counts -> 'expire' ->> 'done')::bigint AS "mentors looked at", (r.counts -> 'expire' ->> 'expired')::bigint AS "certifications expired",
       (r.counts -> 'expire' ->> 'moved')::bigint AS "mentors moved", round(extract(epoch FROM r.finished_at - r.started_at), 2) AS seconds,
       round((r.counts -> 'expire' ->> 'moved')::bigint / extract(epoch FROM r.finished_at - r.started_at)) AS "moved per second"
  FROM job_runs r WHERE r.id = :'run';

-- Somebody the run moved, on leave if there is one; the lapsed certification is renewed afterwards.
SELECT h.mentor_id AS mentor, c.certification_type AS lapsed
  FROM peer_mentor_status_history h
  JOIN peer_mentor_certifications c ON c.peer_mentor_id = h.mentor_id
 WHERE h.job_run_id = :'run'
 GROUP BY h.mentor_id, h.previous_status, c.certification_type
 ORDER BY h.previous_status = 'paused' DESC,
          (SELECT count(*) FROM peer_mentor_certifications o WHERE o.peer_mentor_id = h.mentor_id AND o.status = 'expired'),
          bool_or(c.status = 'expired') DESC, h.mentor_id
 LIMIT 1
\gset
\echo == One mentor, whose :lapsed is renewed now
\echo
SELECT previous_status, new_status, version FROM renew_certification(:'mentor', :'lapsed');
SELECT h.version, h.changed_at::timestamptz(0), h.effective_on, h.previous_status AS "from", h.new_status AS "to", h.reason, h.actor_kind
  FROM peer_mentor_status_history h WHERE h.mentor_id = :'mentor' ORDER BY h.version;
SELECT t.certification_type, t.event, t.issued_at, t.expires_at, t.actor_kind, t.job_run_id IS NOT NULL AS "by the run"
  FROM certification_timeline t WHERE t.peer_mentor_id = :'mentor' ORDER BY t.certification_type, t.position;
SELECT p.status, p.pause_reason, p.expected_return_date, p.ended_by, p.resumes_pause_id IS NOT NULL AS resumed
  FROM pause_records p WHERE p.mentor_id = :'mentor' ORDER BY p.created_at, p.paused_at;
