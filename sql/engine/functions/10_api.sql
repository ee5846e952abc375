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

CREATE OR REPLACE FUNCTION peer_mentor.correct_certification(mentor_id uuid, certification_type text, issued_at date, expires_at date, 
	OUT mentor_id uuid, OUT previous_status text, OUT new_status text, OUT version bigint, OUT changed_at timestamptz, OUT history_id uuid)
AS 'MODULE_PATHNAME', 'peer_mentor_correct_certification' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.correct_certification(uuid, text, date, date) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.correct_certification(uuid, text, date, date) IS
	'Engine half of public.correct_certification(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.remove_mentor(mentor_id uuid, 
	OUT mentor_id uuid, OUT previous_status text, OUT new_status text, OUT version bigint, OUT changed_at timestamptz, OUT history_id uuid)
AS 'MODULE_PATHNAME', 'peer_mentor_remove_mentor' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.remove_mentor(uuid) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.remove_mentor(uuid) IS
	'Engine half of public.remove_mentor(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.restore_mentor(mentor_id uuid, 
	OUT mentor_id uuid, OUT previous_status text, OUT new_status text, OUT version bigint, OUT changed_at timestamptz, OUT history_id uuid)
AS 'MODULE_PATHNAME', 'peer_mentor_restore_mentor' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.restore_mentor(uuid) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.restore_mentor(uuid) IS
	'Engine half of public.restore_mentor(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.link_login(mentor_id uuid, user_id uuid) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_link_login' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.link_login(uuid, uuid) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.link_login(uuid, uuid) IS
	'Engine half of public.link_login(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.set_mentor_chapters(mentor_id uuid, chapter_ids uuid[]) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_set_mentor_chapters' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.set_mentor_chapters(uuid, uuid[]) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.set_mentor_chapters(uuid, uuid[]) IS
	'Engine half of public.set_mentor_chapters(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.set_listed(mentor_id uuid, listed boolean) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_set_listed' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.set_listed(uuid, boolean) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.set_listed(uuid, boolean) IS
	'Engine half of public.set_listed(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.assign_coordinator(mentor_id uuid, coordinator_id uuid) RETURNS uuid
AS 'MODULE_PATHNAME', 'peer_mentor_assign_coordinator' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.assign_coordinator(uuid, uuid) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.assign_coordinator(uuid, uuid) IS
	'Engine half of public.assign_coordinator(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.end_assignment(mentor_id uuid, coordinator_id uuid) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_end_assignment' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.end_assignment(uuid, uuid) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.end_assignment(uuid, uuid) IS
	'Engine half of public.end_assignment(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.grant_role(user_id uuid, organisation_id uuid, role text, chapter_id uuid DEFAULT NULL) RETURNS uuid
AS 'MODULE_PATHNAME', 'peer_mentor_grant_role' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.grant_role(uuid, uuid, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.grant_role(uuid, uuid, text, uuid) IS
	'Engine half of public.grant_role(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.end_role(user_id uuid, organisation_id uuid, role text, chapter_id uuid DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_end_role' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.end_role(uuid, uuid, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.end_role(uuid, uuid, text, uuid) IS
	'Engine half of public.end_role(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.update_organisation(organisation_id uuid, name text DEFAULT NULL, time_zone text DEFAULT NULL, reminder_days integer[] DEFAULT NULL, auto_reactivate boolean DEFAULT NULL, portal_sync text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_update_organisation' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.update_organisation(uuid, text, text, integer[], boolean, text) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.update_organisation(uuid, text, text, integer[], boolean, text) IS
	'Engine half of public.update_organisation(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.put_chapter(organisation_id uuid, name text, chapter_id uuid DEFAULT NULL) RETURNS uuid
AS 'MODULE_PATHNAME', 'peer_mentor_put_chapter' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.put_chapter(uuid, text, uuid) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.put_chapter(uuid, text, uuid) IS
	'Engine half of public.put_chapter(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.put_certification_type(organisation_id uuid, code text, name text DEFAULT NULL, valid_for interval DEFAULT NULL, renewal_mode text DEFAULT NULL, renewal_window_days integer DEFAULT NULL, grace_days integer DEFAULT NULL, required boolean DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_put_certification_type' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.put_certification_type(uuid, text, text, interval, text, integer, integer, boolean) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.put_certification_type(uuid, text, text, interval, text, integer, integer, boolean) IS
	'Engine half of public.put_certification_type(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.resolve_undeliverable(id bigint) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_resolve_undeliverable' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.resolve_undeliverable(bigint) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.resolve_undeliverable(bigint) IS
	'Engine half of public.resolve_undeliverable(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.explain_transition(mentor_id uuid, new_status text, OUT allowed boolean, OUT blockers jsonb)
AS 'MODULE_PATHNAME', 'peer_mentor_explain_transition' LANGUAGE C STABLE;
REVOKE ALL ON FUNCTION peer_mentor.explain_transition(uuid, text) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.explain_transition(uuid, text) IS
	'Engine half of public.explain_transition(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.require_visible(mentor_id uuid) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_require_visible' LANGUAGE C STABLE;
REVOKE ALL ON FUNCTION peer_mentor.require_visible(uuid) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.require_visible(uuid) IS 'Raises mentor_not_found for a mentor whom the caller may not see.';
