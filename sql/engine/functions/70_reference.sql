CREATE OR REPLACE FUNCTION peer_mentor.status_transitions()
RETURNS TABLE (from_status text, to_status text, reason text, who text)
AS 'MODULE_PATHNAME', 'peer_mentor_status_transitions' LANGUAGE C IMMUTABLE;
REVOKE ALL ON FUNCTION peer_mentor.status_transitions() FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.status_transitions() IS 'Every edge of the state machine; whatever is not listed is refused. from_status is NULL for the first record.';

CREATE OR REPLACE FUNCTION peer_mentor.status_diagram(format text DEFAULT 'mermaid') RETURNS text
AS 'MODULE_PATHNAME', 'peer_mentor_status_diagram' LANGUAGE C IMMUTABLE;
REVOKE ALL ON FUNCTION peer_mentor.status_diagram(text) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.status_diagram(text) IS 'The state machine as a drawing. format: mermaid or dot. Errors: invalid_argument.';
