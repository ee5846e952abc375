-- The functions behind the public wrappers of storage.  Rights are decided inside, from the real role and
-- auth.uid(); EXECUTE is granted by migrate(), never to PUBLIC.

CREATE OR REPLACE FUNCTION peer_mentor.pause_mentor(mentor_id uuid, expected_return_date date DEFAULT NULL, expected_version bigint DEFAULT NULL, idempotency_key text DEFAULT NULL,
	OUT mentor_id uuid, OUT previous_status text, OUT new_status text, OUT version bigint, OUT changed_at timestamptz, OUT history_id uuid)
AS 'MODULE_PATHNAME', 'peer_mentor_pause_mentor' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.pause_mentor(uuid, date, bigint, text) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.pause_mentor(uuid, date, bigint, text) IS
	'Engine half of public.pause_mentor(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.reactivate_mentor(mentor_id uuid, expected_version bigint DEFAULT NULL, idempotency_key text DEFAULT NULL,
	OUT mentor_id uuid, OUT previous_status text, OUT new_status text, OUT version bigint, OUT changed_at timestamptz, OUT history_id uuid)
AS 'MODULE_PATHNAME', 'peer_mentor_reactivate_mentor' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.reactivate_mentor(uuid, bigint, text) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.reactivate_mentor(uuid, bigint, text) IS
	'Engine half of public.reactivate_mentor(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.set_return_date(mentor_id uuid, expected_return_date date, expected_version bigint DEFAULT NULL,
	OUT mentor_id uuid, OUT previous_status text, OUT new_status text, OUT version bigint, OUT changed_at timestamptz, OUT history_id uuid)
AS 'MODULE_PATHNAME', 'peer_mentor_set_return_date' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.set_return_date(uuid, date, bigint) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.set_return_date(uuid, date, bigint) IS
	'Engine half of public.set_return_date(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.register_mentor(mentor_id uuid, organisation_id uuid, chapter_ids uuid[], display_name text DEFAULT NULL, user_id uuid DEFAULT NULL, idempotency_key text DEFAULT NULL,
	OUT mentor_id uuid, OUT previous_status text, OUT new_status text, OUT version bigint, OUT changed_at timestamptz, OUT history_id uuid)
AS 'MODULE_PATHNAME', 'peer_mentor_register_mentor' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.register_mentor(uuid, uuid, uuid[], text, uuid, text) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.register_mentor(uuid, uuid, uuid[], text, uuid, text) IS
	'Engine half of public.register_mentor(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.record_certification(mentor_id uuid, certification_type text, issued_at date, expires_at date DEFAULT NULL, idempotency_key text DEFAULT NULL,
	OUT mentor_id uuid, OUT previous_status text, OUT new_status text, OUT version bigint, OUT changed_at timestamptz, OUT history_id uuid)
AS 'MODULE_PATHNAME', 'peer_mentor_record_certification' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.record_certification(uuid, text, date, date, text) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.record_certification(uuid, text, date, date, text) IS
	'Engine half of public.record_certification(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.renew_certification(mentor_id uuid, certification_type text, completed_on date DEFAULT NULL, expires_at date DEFAULT NULL, expected_expires_at date DEFAULT NULL, idempotency_key text DEFAULT NULL,
	OUT mentor_id uuid, OUT previous_status text, OUT new_status text, OUT version bigint, OUT changed_at timestamptz, OUT history_id uuid)
AS 'MODULE_PATHNAME', 'peer_mentor_renew_certification' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.renew_certification(uuid, text, date, date, date, text) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.renew_certification(uuid, text, date, date, date, text) IS
	'Engine half of public.renew_certification(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.suspend_certification(mentor_id uuid, certification_type text,
	OUT mentor_id uuid, OUT previous_status text, OUT new_status text, OUT version bigint, OUT changed_at timestamptz, OUT history_id uuid)
AS 'MODULE_PATHNAME', 'peer_mentor_suspend_certification' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.suspend_certification(uuid, text) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.suspend_certification(uuid, text) IS
	'Engine half of public.suspend_certification(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.reinstate_certification(mentor_id uuid, certification_type text,
	OUT mentor_id uuid, OUT previous_status text, OUT new_status text, OUT version bigint, OUT changed_at timestamptz, OUT history_id uuid)
AS 'MODULE_PATHNAME', 'peer_mentor_reinstate_certification' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.reinstate_certification(uuid, text) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.reinstate_certification(uuid, text) IS
	'Engine half of public.reinstate_certification(), which says what it does.';
