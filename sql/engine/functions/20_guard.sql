-- What the guards of storage ask.  They fire for whoever writes, so every role that may be granted a
-- write needs them; they tell nothing and change nothing of themselves.

CREATE OR REPLACE FUNCTION peer_mentor.engine_writes() RETURNS boolean
AS 'MODULE_PATHNAME', 'peer_mentor_engine_writes' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.engine_writes() FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.engine_writes() IS
	'Is the statement that fired the calling trigger one of the engine''s own? Not a statement of a trigger that fired within it.';

CREATE OR REPLACE FUNCTION peer_mentor.refuse_write(table_name text, operation text) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_refuse_write' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.refuse_write(text, text) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.refuse_write(text, text) IS 'Raises 42501 engine_only.';

CREATE OR REPLACE FUNCTION peer_mentor.is_gone(parent text, key text) RETURNS boolean
AS 'MODULE_PATHNAME', 'peer_mentor_is_gone' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.is_gone(text, text) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.is_gone(text, text) IS
	'Is the row of this parent table gone? Looked up as the owner of that table and past row security, so that neither can blind it.';

CREATE OR REPLACE FUNCTION peer_mentor.check_direct_update(mentor_id uuid, previous_status text, new_status text,
	previous_return_date date, new_return_date date) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_check_direct_update' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.check_direct_update(uuid, text, text, date, date) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.check_direct_update(uuid, text, text, date, date) IS
	'Validates a direct UPDATE of a status by the storage owner. Errors: engine_only, invalid_transition, certification_required, invalid_argument.';

CREATE OR REPLACE FUNCTION peer_mentor.trace_direct_update(mentor_id uuid, previous_status text, new_status text,
	previous_version bigint, new_version bigint, return_date date) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_trace_direct_update' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.trace_direct_update(uuid, text, text, bigint, bigint, date) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.trace_direct_update(uuid, text, text, bigint, bigint, date) IS
	'Writes history and pause record of a direct UPDATE; called by a trigger of storage only.';
