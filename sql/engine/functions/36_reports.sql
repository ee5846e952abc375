-- Reports, and those that are kept.

CREATE OR REPLACE FUNCTION peer_mentor.status_report(organisation_id uuid, from_day date, to_day date)
RETURNS TABLE (chapter_id uuid, chapter text, status text, mentors bigint, mentor_days bigint, certified_mentors bigint, uncertified_mentors bigint,
	certified_days bigint, uncertified_days bigint, transitions jsonb)
AS 'MODULE_PATHNAME', 'peer_mentor_status_report' LANGUAGE C STABLE;
REVOKE ALL ON FUNCTION peer_mentor.status_report(uuid, date, date) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.status_report(uuid, date, date) IS 'Engine half of public.status_report(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.freeze_report(organisation_id uuid, from_day date, to_day date) RETURNS uuid
AS 'MODULE_PATHNAME', 'peer_mentor_freeze_report' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.freeze_report(uuid, date, date) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.freeze_report(uuid, date, date) IS 'Engine half of public.freeze_report(), which says what it does.';
