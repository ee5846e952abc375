-- Called by the triggers of the directory tables, as the storage owner.

CREATE OR REPLACE FUNCTION peer_mentor.register_inserted(mentor_ids uuid[]) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_register_inserted' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.register_inserted(uuid[]) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.register_inserted(uuid[]) IS 'Gives these mentors, where they have none, the status active and its history row.';

CREATE OR REPLACE FUNCTION peer_mentor.mirror_chapter(mentor_id uuid) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_mirror_chapter' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.mirror_chapter(uuid) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.mirror_chapter(uuid) IS 'Copies the live primary chapter into the status row.';

CREATE OR REPLACE FUNCTION peer_mentor.evaluate_mentor(mentor_id uuid) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_evaluate_mentor' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.evaluate_mentor(uuid) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.evaluate_mentor(uuid) IS 'Brings the status of one mentor in line with their certifications as of now.';
