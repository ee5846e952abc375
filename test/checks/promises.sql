-- The promises that hold whatever happened: one row per violation (promise, mentor_id, violation), none when all is well.
--   psql -d DB [-v as_of='2026-11-21 02:15+01'] -f promises.sql
-- as_of is the moment of the last nightly run; without it promise 4 is not looked at.  Nothing here calls the engine.
-- Of a portal_sync that is off the portal's knowledge is not looked at.
\if :{?as_of}
\else
	\set as_of ''
\endif
WITH edge (from_status, to_status, reason) AS (VALUES
	(NULL, 'active', 'registered'),
	('active', 'paused', 'self_pause'), ('active', 'paused', 'coordinator_manual_pause'), ('active', 'paused', 'direct_update'),
	('paused', 'active', 'self_reactivation'), ('paused', 'active', 'coordinator_reactivation'),
	('paused', 'active', 'pause_ended'), ('paused', 'active', 'direct_update'),
	('active', 'expired_cert', 'certification_expired'), ('active', 'expired_cert', 'certification_suspended'),
	('paused', 'expired_cert', 'certification_expired'), ('paused', 'expired_cert', 'certification_suspended'),
	('expired_cert', 'active', 'certification_renewed'), ('expired_cert', 'active', 'certification_reinstated'),
	('expired_cert', 'active', 'requirement_changed'),
	('expired_cert', 'paused', 'certification_renewed'), ('expired_cert', 'paused', 'certification_reinstated'),
	('expired_cert', 'paused', 'requirement_changed')
), history AS (
	SELECT h.mentor_id, h.version, h.previous_status::text AS previous_status, h.new_status::text AS new_status,
	       h.reason::text AS reason, h.effective_on,
	       row_number() OVER w AS place,
	       lag(h.new_status::text) OVER w AS status_before,
	       lag(h.effective_on) OVER w AS effective_before
	  FROM public.peer_mentor_status_history h
	WINDOW w AS (PARTITION BY h.mentor_id ORDER BY h.version)
), newest AS (
	SELECT DISTINCT ON (h.mentor_id) h.mentor_id, h.version, h.new_status
	  FROM public.peer_mentor_status_history h
	 ORDER BY h.mentor_id, h.version DESC
), status_count AS (
	SELECT m.id AS mentor_id, count(s.mentor_id) AS n
	  FROM public.peer_mentors m
	  LEFT JOIN public.peer_mentor_status s ON s.mentor_id = m.id
	 GROUP BY m.id
), live AS (
	SELECT p.mentor_id, count(*) AS n, min(p.status::text) AS status
	  FROM public.pause_records p
	 WHERE p.status <> 'active'
	 GROUP BY p.mentor_id
), blocked AS (
	SELECT DISTINCT c.peer_mentor_id AS mentor_id
	  FROM public.peer_mentor_certifications c
	  JOIN public.certification_types t ON t.organisation_id = c.organisation_id AND t.code = c.certification_type
	  JOIN public.organisations o ON o.id = c.organisation_id
	 WHERE t.required
	   AND (c.status = 'suspended'
	        OR c.expires_at + t.grace_days < (nullif(:'as_of', '')::timestamptz AT TIME ZONE o.time_zone)::date)
), event AS (
	SELECT e.mentor_id, (e.payload ->> 'version')::bigint AS version, e.payload ->> 'new_status' AS new_status, count(*) AS told
	  FROM public.outbox_events e
	 WHERE e.event_type = 'status_changed'
	 GROUP BY e.mentor_id, e.payload ->> 'version', e.payload ->> 'new_status'
), portal AS (
	SELECT e.mentor_id, e.id, replace(e.event_type, 'mentor_', '') AS state, lag(replace(e.event_type, 'mentor_', '')) OVER w AS before,
	       lead(e.id) OVER w IS NULL AS newest
	  FROM public.outbox_events e
	 WHERE e.channel = 'portal_sync'
	WINDOW w AS (PARTITION BY e.mentor_id ORDER BY e.id)
), listed AS (
	SELECT m.id AS mentor_id
	  FROM public.peer_mentors m
	  JOIN public.peer_mentor_status s ON s.mentor_id = m.id
	 WHERE m.listed AND m.deleted_at IS NULL AND s.status = 'active' AND NOT EXISTS (SELECT FROM blocked b WHERE b.mentor_id = m.id)
	   AND EXISTS (SELECT FROM public.peer_mentor_certifications c
	                 JOIN public.certification_types t ON t.organisation_id = c.organisation_id AND t.code = c.certification_type
	                WHERE c.peer_mentor_id = m.id AND t.required)
)
SELECT v.promise, v.mentor_id, v.violation FROM (
	SELECT 1 AS promise, c.mentor_id, format('%s status rows', c.n) AS violation
	  FROM status_count c WHERE c.n <> 1
	UNION ALL
	SELECT 1, s.mentor_id, format('status %s version %s, newest history %s version %s', s.status, s.version, n.new_status, n.version)
	  FROM public.peer_mentor_status s
	  LEFT JOIN newest n ON n.mentor_id = s.mentor_id
	 WHERE (s.status, s.version) IS DISTINCT FROM (n.new_status, n.version)
	UNION ALL
	SELECT 2, h.mentor_id, format('version %s stands at place %s', h.version, h.place)
	  FROM history h WHERE h.version <> h.place
	UNION ALL
	SELECT 2, h.mentor_id, format('version %s starts from %s, the one before ended in %s', h.version, h.previous_status, h.status_before)
	  FROM history h WHERE h.previous_status IS DISTINCT FROM h.status_before
	UNION ALL
	SELECT 2, h.mentor_id, format('version %s: %s to %s for %s is no edge', h.version, h.previous_status, h.new_status, h.reason)
	  FROM history h
	 WHERE NOT EXISTS (SELECT FROM edge e WHERE e.from_status IS NOT DISTINCT FROM h.previous_status
	                      AND e.to_status = h.new_status AND e.reason = h.reason)
	UNION ALL
	SELECT 2, h.mentor_id, format('version %s holds from %s, the one before from %s', h.version, h.effective_on, h.effective_before)
	  FROM history h WHERE h.effective_on < h.effective_before
	UNION ALL
	SELECT 3, s.mentor_id, format('status %s, live pause records: %s %s', s.status, coalesce(l.n, 0), l.status)
	  FROM public.peer_mentor_status s
	  LEFT JOIN live l ON l.mentor_id = s.mentor_id
	 WHERE CASE WHEN s.status = 'active' THEN l.n IS NOT NULL ELSE (l.n, l.status) IS DISTINCT FROM (1, s.status::text) END
	UNION ALL
	SELECT 4, s.mentor_id, format('status %s, %s', s.status,
	                              CASE WHEN b.mentor_id IS NULL THEN 'nothing blocks' ELSE 'a required certification is due or suspended' END)
	  FROM public.peer_mentor_status s
	  JOIN public.peer_mentors m ON m.id = s.mentor_id
	  LEFT JOIN blocked b ON b.mentor_id = s.mentor_id
	 WHERE :'as_of' <> '' AND m.deleted_at IS NULL AND (s.status = 'expired_cert') <> (b.mentor_id IS NOT NULL)
	UNION ALL
	SELECT 5, h.mentor_id, format('version %s: %s notifications', h.version, coalesce(e.told, 0))
	  FROM history h
	  LEFT JOIN event e ON e.mentor_id = h.mentor_id AND e.version = h.version AND e.new_status = h.new_status
	 WHERE h.previous_status IS NOT NULL AND e.told IS DISTINCT FROM 1
	UNION ALL
	SELECT 5, e.mentor_id, format('events of version %s to %s, which is not in the history', e.version, e.new_status)
	  FROM event e
	  JOIN public.peer_mentors m ON m.id = e.mentor_id
	 WHERE NOT EXISTS (SELECT FROM history h WHERE h.mentor_id = e.mentor_id AND h.version = e.version AND h.new_status = e.new_status)
	UNION ALL
	SELECT 5, p.mentor_id, format('the portal is told %s after %s', p.state, coalesce(p.before, 'nothing'))
	  FROM portal p
	 -- of one who was erased only the last word is left, and the same id may be registered again
	 WHERE p.state <> 'removed' AND (p.state = p.before OR (p.state <> 'shown' AND coalesce(p.before, 'removed') = 'removed'))
	UNION ALL
	SELECT 5, m.id, format('the portal was told %s, the listing says %s', coalesce(p.state, 'nothing'), CASE WHEN l.mentor_id IS NULL THEN 'no' ELSE 'yes' END)
	  FROM public.peer_mentors m
	  JOIN public.organisations o ON o.id = m.organisation_id AND o.portal_sync <> 'off'
	  LEFT JOIN portal p ON p.mentor_id = m.id AND p.newest
	  LEFT JOIN listed l ON l.mentor_id = m.id
	 WHERE :'as_of' <> '' AND (p.state IS NOT DISTINCT FROM 'shown') <> (l.mentor_id IS NOT NULL)
) v
ORDER BY v.promise, v.mentor_id, v.violation;
