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

CREATE OR REPLACE FUNCTION peer_mentor.erase_traces(mentor_id uuid, organisation_id uuid, external_key text, removed_at timestamptz) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_erase_traces' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.erase_traces(uuid, uuid, text, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.erase_traces(uuid, uuid, text, timestamptz) IS
	'Keeps the anonymous counts of a mentor whose row is gone, and removes what no foreign key removes; called by a trigger of storage only.';

CREATE OR REPLACE FUNCTION peer_mentor.erase_mentor(mentor_id uuid) RETURNS jsonb
AS 'MODULE_PATHNAME', 'peer_mentor_erase_mentor' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.erase_mentor(uuid) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.erase_mentor(uuid) IS
	'Erases a mentor for good, removed or not, and what a deletion with triggers off left of one: everything of theirs goes, anonymous counts stay in erased_spans and erased_transitions. The login in auth.users stays. Returns how many rows of each table were theirs. Errors: mentor_not_found where nothing is left, not_allowed, invalid_argument, storage_missing.';
