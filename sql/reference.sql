-- The state machine as it is told, against what storage allows.
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT from_status, to_status, reason, who FROM peer_mentor.status_transitions();
-- its codes are exactly those of the domain and of the enumeration
WITH allowed AS (
	SELECT (regexp_matches(pg_get_constraintdef(oid), '''([a-z_]+)''', 'g'))[1] AS code
	  FROM pg_constraint WHERE contypid = 'status_reason'::regtype)
SELECT coalesce(a.code, t.reason) AS unmatched
  FROM allowed a FULL JOIN (SELECT DISTINCT reason FROM peer_mentor.status_transitions()) t ON t.reason = a.code
 WHERE a.code IS NULL OR t.reason IS NULL;
SELECT array_agg(DISTINCT to_status::mentor_status) = enum_range(NULL::mentor_status) AS same_states FROM peer_mentor.status_transitions();
-- no loop, no edge twice, one way in
SELECT count(*) FILTER (WHERE from_status = to_status) AS loops, count(*) - count(DISTINCT (from_status, to_status, reason)) AS twice,
       count(*) FILTER (WHERE from_status IS NULL) AS ways_in
  FROM peer_mentor.status_transitions();
SELECT peer_mentor.status_diagram();
SELECT peer_mentor.status_diagram('mermaid') = peer_mentor.status_diagram() AS default_is_mermaid;
SELECT peer_mentor.status_diagram('dot');
SELECT f AS format, test.outcome(format('SELECT peer_mentor.status_diagram(%L)', f)) FROM unnest(ARRAY['DOT', 'svg', '', NULL]) f;
