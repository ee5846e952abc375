-- The page of a coordinator of chapter :chapter as the owner would ask for it, past row security: the same rows and columns.
PREPARE page (uuid) AS
WITH place AS MATERIALIZED (
	SELECT p.* FROM (
		SELECT n.* FROM unnest(enum_range(NULL::public.mentor_status)) w (status)
		 CROSS JOIN LATERAL (
			SELECT s.mentor_id, CASE WHEN s.status = 'expired_cert' THEN '0001-01-01'::date ELSE coalesce(least(s.expected_return_date, s.next_expires_on), 'infinity'::date) END AS due_on, s.roster_name
			  FROM public.peer_mentor_status s WHERE s.chapter_id = $1 AND s.status = w.status AND s.on_roster
			 ORDER BY CASE WHEN s.status = 'expired_cert' THEN '0001-01-01'::date ELSE coalesce(least(s.expected_return_date, s.next_expires_on), 'infinity'::date) END, s.roster_name, s.mentor_id LIMIT 50) n
		UNION
		SELECT s.mentor_id, CASE WHEN s.status = 'expired_cert' THEN '0001-01-01'::date ELSE coalesce(least(s.expected_return_date, s.next_expires_on), 'infinity'::date) END, s.roster_name
		  FROM public.mentor_chapters b JOIN public.peer_mentor_status s ON s.mentor_id = b.mentor_id
		 WHERE b.chapter_id = $1 AND b.until IS NULL AND NOT b.is_primary AND s.on_roster) p
	 ORDER BY p.due_on, p.roster_name, p.mentor_id LIMIT 50
)
SELECT p.mentor_id, m.display_name, s.chapter_id,
       ARRAY(SELECT l.chapter_id FROM public.mentor_chapters l WHERE l.mentor_id = p.mentor_id AND l.until IS NULL ORDER BY l.is_primary DESC, l.since, l.chapter_id),
       s.status, s.version, s.pause_reason,
       CASE WHEN s.status = 'paused' THEN (SELECT r.paused_at FROM public.pause_records r WHERE r.mentor_id = p.mentor_id AND r.status IN ('paused', 'expired_cert')) END,
       s.expected_return_date, coalesce(s.expected_return_date < o.today, false), n.certification_type, n.expires_at, n.expires_at - o.today,
       ARRAY(SELECT r.user_id FROM public.mentor_chapters l JOIN public.role_assignments r ON r.organisation_id = m.organisation_id AND r.chapter_id = l.chapter_id
              WHERE l.mentor_id = p.mentor_id AND l.until IS NULL AND r.role = 'coordinator' AND r.ended_at IS NULL
             UNION SELECT a.coordinator_id FROM public.coordinator_assignments a WHERE a.mentor_id = p.mentor_id AND a.ended_at IS NULL ORDER BY 1),
       (SELECT count(*) FROM public.undeliverable_notifications u WHERE u.mentor_id = p.mentor_id AND u.resolved_at IS NULL),
       (SELECT count(*) FROM public.status_discrepancies f WHERE f.mentor_id = p.mentor_id AND f.resolved_at IS NULL)
  FROM place p
  JOIN public.peer_mentor_status s ON s.mentor_id = p.mentor_id
  JOIN public.peer_mentors m ON m.id = p.mentor_id AND m.deleted_at IS NULL
 CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE g.time_zone)::date AS today FROM public.organisations g WHERE g.id = m.organisation_id) o
  LEFT JOIN LATERAL (SELECT c.certification_type, c.expires_at FROM public.peer_mentor_certifications c
                       JOIN public.certification_types t ON t.organisation_id = c.organisation_id AND t.code = c.certification_type
                      WHERE c.peer_mentor_id = s.mentor_id AND (c.status = 'active' OR c.status = 'expired' AND t.required) ORDER BY c.expires_at, c.certification_type LIMIT 1) n ON true
 ORDER BY p.due_on, p.roster_name, p.mentor_id
