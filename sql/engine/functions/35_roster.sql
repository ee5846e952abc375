-- The roster, and the mirrors in peer_mentor_status that it is ordered by.

CREATE OR REPLACE FUNCTION peer_mentor.coordinator_roster(page_size integer, after text, statuses text[], chapter_id uuid, expiring_within_days integer,
	overdue_only boolean, search text)
RETURNS TABLE (mentor_id uuid, display_name text, primary_chapter uuid, chapters uuid[], status text, version bigint, pause_reason text,
	paused_at timestamptz, expected_return_date date, overdue boolean, next_expiring_type text, next_expires_at date, days_left integer,
	coordinators uuid[], undelivered bigint, discrepancies bigint, cursor text)
AS 'MODULE_PATHNAME', 'peer_mentor_coordinator_roster' LANGUAGE C STABLE;
REVOKE ALL ON FUNCTION peer_mentor.coordinator_roster(integer, text, text[], uuid, integer, boolean, text) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.coordinator_roster(integer, text, text[], uuid, integer, boolean, text) IS
	'Engine half of public.coordinator_roster(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.mirror_roster(mentor_ids uuid[], wait boolean DEFAULT true) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_mirror_roster' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.mirror_roster(uuid[], boolean) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.mirror_roster(uuid[], boolean) IS
	'Copies what the roster is ordered by, of these mentors and their certifications, into their status rows, where it differs. wait: also into rows that others hold locked.';
