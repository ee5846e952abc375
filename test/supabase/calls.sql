-- Every public function called as PostgREST does, with what a client gets: HTTP status and the code in DETAIL.  Run by the
-- role authenticator after world.sql; every call is a transaction of its own.  Prints what differs, then, after a line
-- "--", every function, code and status that was met; docs/supabase-js.md promises the same.
SET client_min_messages = warning;
SET search_path = public, pg_catalog;

CREATE FUNCTION pg_temp.u(name text) RETURNS uuid LANGUAGE sql AS 'SELECT md5(''user '' || name)::uuid';
CREATE FUNCTION pg_temp.m(n integer) RETURNS uuid LANGUAGE sql AS 'SELECT md5(''mentor '' || n)::uuid';
CREATE FUNCTION pg_temp.c(n integer) RETURNS uuid LANGUAGE sql AS 'SELECT md5(''chapter '' || n)::uuid';

-- who: service, anon, or a user of world.sql; ghost is a token whose login is gone
CREATE TEMP TABLE calls (n integer GENERATED ALWAYS AS IDENTITY, fn text, who text, args jsonb, status integer, code text);
CREATE TEMP TABLE met (n integer, status integer, code text, body jsonb);

INSERT INTO calls (fn, who, args, status, code)
SELECT v.fn, v.who, (CASE WHEN v.m IS NULL THEN '{}' ELSE jsonb_build_object('mentor_id', pg_temp.m(v.m)) END)
                    || v.args::jsonb || CASE WHEN v.days IS NULL THEN '{}' ELSE jsonb_build_object(v.day, current_date + v.days) END, v.status, v.code
  FROM (VALUES
	('pause_mentor', 'anon', 1, '{}', NULL, NULL::integer, 401, NULL),
	('pause_mentor', 'ghost', 1, '{}', NULL, NULL, 403, 'not_allowed'),
	('pause_mentor', 'stranger', 1, '{}', NULL, NULL, 404, 'mentor_not_found'),
	('pause_mentor', 'other_admin', 1, '{}', NULL, NULL, 404, 'mentor_not_found'),
	('pause_mentor', 'mentor', 2, '{}', NULL, NULL, 404, 'mentor_not_found'),
	('pause_mentor', 'admin', 14, '{}', NULL, NULL, 404, 'mentor_not_found'),
	('pause_mentor', 'mentor', NULL, '{"mentor_id": null}', NULL, NULL, 400, 'invalid_argument'),
	('pause_mentor', 'mentor', 1, '{}', 'expected_return_date', -5, 400, 'invalid_argument'),
	('pause_mentor', 'mentor', 1, '{"expected_version": 7}', NULL, NULL, 409, 'version_conflict'),
	('pause_mentor', 'mentor', 1, '{"expected_version": 1, "idempotency_key": "once"}', 'expected_return_date', 30, 200, NULL),
	('pause_mentor', 'mentor', 1, '{"expected_version": 1, "idempotency_key": "once"}', 'expected_return_date', 30, 200, NULL),
	('pause_mentor', 'mentor', 1, '{"expected_version": 1, "idempotency_key": "once"}', 'expected_return_date', 31, 409, 'idempotency_mismatch'),
	('pause_mentor', 'mentor', 1, '{}', NULL, NULL, 409, 'invalid_transition'),
	('pause_mentor', 'coordinator', 3, '{"idempotency_key": "k"}', NULL, NULL, 200, NULL),
	('pause_mentor', 'assigned', 2, '{}', NULL, NULL, 200, NULL),
	('pause_mentor', 'chapter_admin', 4, '{}', NULL, NULL, 200, NULL),
	('pause_mentor', 'admin', 36, '{}', NULL, NULL, 200, NULL),
	('pause_mentor', 'service', 5, '{}', NULL, NULL, 200, NULL),
	('pause_mentor', 'mentor', 1, '{"unknown": 1}', NULL, NULL, 404, 'PGRST202'),

	('set_return_date', 'anon', 1, '{}', 'expected_return_date', 60, 401, NULL),
	('set_return_date', 'ghost', 1, '{}', 'expected_return_date', 60, 403, 'not_allowed'),
	('set_return_date', 'stranger', 1, '{}', 'expected_return_date', 60, 404, 'mentor_not_found'),
	('set_return_date', 'mentor', 1, '{}', 'expected_return_date', -60, 400, 'invalid_argument'),
	('set_return_date', 'mentor', 1, '{"expected_version": 1}', 'expected_return_date', 60, 409, 'version_conflict'),
	('set_return_date', 'mentor', 1, '{"expected_version": 2}', 'expected_return_date', 60, 200, NULL),
	('set_return_date', 'coordinator', 6, '{}', 'expected_return_date', 60, 409, 'invalid_transition'),

	('explain_transition', 'anon', 1, '{"new_status": "active"}', NULL, NULL, 401, NULL),
	('explain_transition', 'ghost', 1, '{"new_status": "active"}', NULL, NULL, 403, 'not_allowed'),
	('explain_transition', 'stranger', 1, '{"new_status": "active"}', NULL, NULL, 404, 'mentor_not_found'),
	('explain_transition', 'mentor', 1, '{"new_status": null}', NULL, NULL, 400, 'invalid_argument'),
	('explain_transition', 'mentor', 1, '{"new_status": "active"}', NULL, NULL, 200, NULL),
	('explain_transition', 'coordinator', 10, '{"new_status": "active"}', NULL, NULL, 200, NULL),

	('reactivate_mentor', 'anon', 1, '{}', NULL, NULL, 401, NULL),
	('reactivate_mentor', 'stranger', 1, '{}', NULL, NULL, 404, 'mentor_not_found'),
	('reactivate_mentor', 'mentor', 1, '{"expected_version": 1}', NULL, NULL, 409, 'version_conflict'),
	('reactivate_mentor', 'mentor', 1, '{"idempotency_key": ""}', NULL, NULL, 400, 'invalid_argument'),
	('reactivate_mentor', 'mentor', 1, '{"idempotency_key": "back"}', NULL, NULL, 200, NULL),
	('reactivate_mentor', 'mentor', 1, '{"idempotency_key": "back", "expected_version": 3}', NULL, NULL, 409, 'idempotency_mismatch'),
	('reactivate_mentor', 'mentor', 1, '{}', NULL, NULL, 409, 'invalid_transition'),
	('reactivate_mentor', 'of 3', 3, '{}', NULL, NULL, 403, 'not_allowed'),
	('reactivate_mentor', 'coordinator', 3, '{}', NULL, NULL, 200, NULL),
	('reactivate_mentor', 'coordinator', 10, '{}', NULL, NULL, 409, 'certification_required'),
	('reactivate_mentor', 'coordinator', 11, '{}', NULL, NULL, 200, NULL),

	('record_certification', 'anon', 6, '{"certification_type": "basic"}', 'issued_at', 0, 401, NULL),
	('record_certification', 'stranger', 6, '{"certification_type": "basic"}', 'issued_at', 0, 404, 'mentor_not_found'),
	('record_certification', 'mentor', 1, '{"certification_type": "extra"}', 'issued_at', 0, 403, 'not_allowed'),
	('record_certification', 'coordinator', 6, '{"certification_type": "nothing"}', 'issued_at', 0, 400, 'invalid_argument'),
	('record_certification', 'coordinator', 6, '{"certification_type": "basic", "expires_at": "2001-01-01"}', 'issued_at', 0, 400, 'invalid_argument'),
	('record_certification', 'coordinator', 6, '{"certification_type": "basic", "idempotency_key": "r6"}', 'issued_at', 0, 200, NULL),
	('record_certification', 'coordinator', 6, '{"certification_type": "basic", "idempotency_key": "r6"}', 'issued_at', -1, 409, 'idempotency_mismatch'),
	('record_certification', 'coordinator', 6, '{"certification_type": "basic"}', 'issued_at', 0, 409, 'already_exists'),

	('renew_certification', 'anon', 10, '{"certification_type": "basic"}', NULL, NULL, 401, NULL),
	('renew_certification', 'stranger', 10, '{"certification_type": "basic"}', NULL, NULL, 404, 'mentor_not_found'),
	('renew_certification', 'of 10', 10, '{"certification_type": "basic"}', NULL, NULL, 403, 'not_allowed'),
	('renew_certification', 'coordinator', 7, '{"certification_type": "basic"}', NULL, NULL, 404, 'certification_not_found'),
	('renew_certification', 'coordinator', 12, '{"certification_type": "basic"}', NULL, NULL, 409, 'certification_suspended'),
	('renew_certification', 'coordinator', 13, '{"certification_type": "basic"}', NULL, NULL, 409, 'renewal_too_early'),
	('renew_certification', 'coordinator', 10, '{"certification_type": "basic", "expected_expires_at": "2001-01-01"}', NULL, NULL, 409, 'version_conflict'),
	('renew_certification', 'coordinator', 10, '{"certification_type": "nothing"}', NULL, NULL, 400, 'invalid_argument'),
	('renew_certification', 'coordinator', 10, '{"certification_type": "basic", "idempotency_key": "n10"}', NULL, NULL, 200, NULL),
	('renew_certification', 'coordinator', 10, '{"certification_type": "extra", "idempotency_key": "n10"}', NULL, NULL, 409, 'idempotency_mismatch'),

	('suspend_certification', 'anon', 13, '{"certification_type": "basic"}', NULL, NULL, 401, NULL),
	('suspend_certification', 'stranger', 13, '{"certification_type": "basic"}', NULL, NULL, 404, 'mentor_not_found'),
	('suspend_certification', 'coordinator', 13, '{"certification_type": "basic"}', NULL, NULL, 403, 'not_allowed'),
	('suspend_certification', 'chapter_admin', 7, '{"certification_type": "basic"}', NULL, NULL, 404, 'certification_not_found'),
	('suspend_certification', 'chapter_admin', 13, '{"certification_type": "nothing"}', NULL, NULL, 400, 'invalid_argument'),
	('suspend_certification', 'chapter_admin', 13, '{"certification_type": "basic"}', NULL, NULL, 200, NULL),
	('suspend_certification', 'chapter_admin', 13, '{"certification_type": "basic"}', NULL, NULL, 409, 'certification_suspended'),

	('reinstate_certification', 'anon', 13, '{"certification_type": "basic"}', NULL, NULL, 401, NULL),
	('reinstate_certification', 'stranger', 13, '{"certification_type": "basic"}', NULL, NULL, 404, 'mentor_not_found'),
	('reinstate_certification', 'coordinator', 13, '{"certification_type": "basic"}', NULL, NULL, 403, 'not_allowed'),
	('reinstate_certification', 'admin', 7, '{"certification_type": "basic"}', NULL, NULL, 404, 'certification_not_found'),
	('reinstate_certification', 'admin', 13, '{"certification_type": "nothing"}', NULL, NULL, 400, 'invalid_argument'),
	('reinstate_certification', 'admin', 13, '{"certification_type": "basic"}', NULL, NULL, 200, NULL),
	('reinstate_certification', 'admin', 13, '{"certification_type": "basic"}', NULL, NULL, 409, 'invalid_transition'),

	('correct_certification', 'anon', 13, '{"certification_type": "basic", "issued_at": "2026-01-01", "expires_at": "2099-01-01"}', NULL, NULL, 401, NULL),
	('correct_certification', 'stranger', 13, '{"certification_type": "basic", "issued_at": "2026-01-01", "expires_at": "2099-01-01"}', NULL, NULL, 404, 'mentor_not_found'),
	('correct_certification', 'coordinator', 13, '{"certification_type": "basic", "issued_at": "2026-01-01", "expires_at": "2099-01-01"}', NULL, NULL, 403, 'not_allowed'),
	('correct_certification', 'admin', 7, '{"certification_type": "basic", "issued_at": "2026-01-01", "expires_at": "2099-01-01"}', NULL, NULL, 404, 'certification_not_found'),
	('correct_certification', 'admin', 13, '{"certification_type": "basic", "issued_at": "2026-01-01", "expires_at": "2001-01-01"}', NULL, NULL, 400, 'invalid_argument'),
	('correct_certification', 'admin', 13, '{"certification_type": "basic", "issued_at": "2026-01-01", "expires_at": "2099-01-01"}', NULL, NULL, 200, NULL),

	('mentor_timeline', 'anon', 1, '{}', NULL, NULL, 401, NULL),
	('mentor_timeline', 'ghost', 1, '{}', NULL, NULL, 403, 'not_allowed'),
	('mentor_timeline', 'stranger', 1, '{}', NULL, NULL, 404, 'mentor_not_found'),
	('mentor_timeline', 'mentor', NULL, '{"mentor_id": null}', NULL, NULL, 400, 'invalid_argument'),
	('mentor_timeline', 'mentor', 1, '{}', NULL, NULL, 200, NULL),

	('mentor_status_on', 'anon', 1, '{}', 'day', 0, 401, NULL),
	('mentor_status_on', 'ghost', 1, '{}', 'day', 0, 403, 'not_allowed'),
	('mentor_status_on', 'stranger', 1, '{}', 'day', 0, 404, 'mentor_not_found'),
	('mentor_status_on', 'mentor', 1, '{"day": null}', NULL, NULL, 400, 'invalid_argument'),
	('mentor_status_on', 'mentor', 1, '{}', 'day', 0, 200, NULL),

	('set_listed', 'anon', 1, '{"listed": false}', NULL, NULL, 401, NULL),
	('set_listed', 'ghost', 1, '{"listed": false}', NULL, NULL, 403, 'not_allowed'),
	('set_listed', 'stranger', 1, '{"listed": false}', NULL, NULL, 404, 'mentor_not_found'),
	('set_listed', 'mentor', 1, '{"listed": null}', NULL, NULL, 400, 'invalid_argument'),
	('set_listed', 'mentor', 1, '{"listed": false}', NULL, NULL, 204, NULL),

	('remove_mentor', 'anon', 20, '{}', NULL, NULL, 401, NULL),
	('remove_mentor', 'stranger', 20, '{}', NULL, NULL, 404, 'mentor_not_found'),
	('remove_mentor', 'coordinator', 20, '{}', NULL, NULL, 403, 'not_allowed'),
	('remove_mentor', 'admin', NULL, '{"mentor_id": null}', NULL, NULL, 400, 'invalid_argument'),
	('remove_mentor', 'admin', 20, '{}', NULL, NULL, 200, NULL),
	('restore_mentor', 'anon', 20, '{}', NULL, NULL, 401, NULL),
	('restore_mentor', 'stranger', 20, '{}', NULL, NULL, 404, 'mentor_not_found'),
	('restore_mentor', 'coordinator', 20, '{}', NULL, NULL, 403, 'not_allowed'),
	('restore_mentor', 'admin', NULL, '{"mentor_id": null}', NULL, NULL, 400, 'invalid_argument'),
	('restore_mentor', 'chapter_admin', 20, '{}', NULL, NULL, 200, NULL)
) v (fn, who, m, args, day, days, status, code);

INSERT INTO calls (fn, who, args, status, code)
SELECT v.fn, v.who, v.args, v.status, v.code FROM (VALUES
	('register_mentor', 'anon', jsonb_build_object('mentor_id', pg_temp.m(60), 'organisation_id', md5('org')::uuid, 'chapter_ids', ARRAY[pg_temp.c(1)]), 401, NULL),
	('register_mentor', 'other_coordinator', jsonb_build_object('mentor_id', pg_temp.m(60), 'organisation_id', md5('org')::uuid, 'chapter_ids', ARRAY[pg_temp.c(1)]), 403, 'not_allowed'),
	('register_mentor', 'coordinator', jsonb_build_object('mentor_id', pg_temp.m(60), 'organisation_id', md5('org')::uuid, 'chapter_ids', ARRAY[pg_temp.c(2)]), 403, 'not_allowed'),
	('register_mentor', 'coordinator', jsonb_build_object('mentor_id', pg_temp.m(60), 'organisation_id', md5('org')::uuid, 'chapter_ids', ARRAY[pg_temp.c(1)],
		'display_name', 'New here', 'idempotency_key', 'new'), 200, NULL),
	('register_mentor', 'coordinator', jsonb_build_object('mentor_id', pg_temp.m(60), 'organisation_id', md5('org')::uuid, 'chapter_ids', ARRAY[pg_temp.c(1)],
		'display_name', 'Another', 'idempotency_key', 'new'), 409, 'idempotency_mismatch'),
	('register_mentor', 'coordinator', jsonb_build_object('mentor_id', pg_temp.m(60), 'organisation_id', md5('org')::uuid, 'chapter_ids', ARRAY[pg_temp.c(1)]), 409, 'already_exists'),
	('register_mentor', 'admin', jsonb_build_object('mentor_id', pg_temp.m(61), 'organisation_id', md5('org')::uuid, 'chapter_ids', ARRAY[pg_temp.c(1), pg_temp.c(1)]), 400, 'invalid_argument'),
	('register_mentor', 'service', jsonb_build_object('mentor_id', pg_temp.m(61), 'organisation_id', md5('nothing')::uuid, 'chapter_ids', '{}'::uuid[]), 400, 'invalid_argument'),

	('set_mentor_chapters', 'anon', jsonb_build_object('mentor_id', pg_temp.m(60), 'chapter_ids', ARRAY[pg_temp.c(1)]), 401, NULL),
	('set_mentor_chapters', 'stranger', jsonb_build_object('mentor_id', pg_temp.m(60), 'chapter_ids', ARRAY[pg_temp.c(1)]), 404, 'mentor_not_found'),
	('set_mentor_chapters', 'coordinator', jsonb_build_object('mentor_id', pg_temp.m(60), 'chapter_ids', ARRAY[pg_temp.c(1), pg_temp.c(2)]), 403, 'not_allowed'),
	('set_mentor_chapters', 'admin', jsonb_build_object('mentor_id', pg_temp.m(60), 'chapter_ids', ARRAY[md5('other chapter')::uuid]), 400, 'invalid_argument'),
	('set_mentor_chapters', 'admin', jsonb_build_object('mentor_id', pg_temp.m(60), 'chapter_ids', ARRAY[pg_temp.c(2), pg_temp.c(1)]), 204, NULL),

	('link_login', 'anon', jsonb_build_object('mentor_id', pg_temp.m(60), 'user_id', pg_temp.u('spare')), 401, NULL),
	('link_login', 'stranger', jsonb_build_object('mentor_id', pg_temp.m(60), 'user_id', pg_temp.u('spare')), 404, 'mentor_not_found'),
	('link_login', 'coordinator', jsonb_build_object('mentor_id', pg_temp.m(60), 'user_id', pg_temp.u('spare')), 403, 'not_allowed'),
	('link_login', 'admin', jsonb_build_object('mentor_id', pg_temp.m(60), 'user_id', pg_temp.u('nobody')), 400, 'invalid_argument'),
	('link_login', 'admin', jsonb_build_object('mentor_id', pg_temp.m(60), 'user_id', pg_temp.u('mentor')), 409, 'already_exists'),
	('link_login', 'admin', jsonb_build_object('mentor_id', pg_temp.m(60), 'user_id', pg_temp.u('spare')), 204, NULL),
	('link_login', 'admin', jsonb_build_object('mentor_id', pg_temp.m(60), 'user_id', NULL), 204, NULL),

	('assign_coordinator', 'anon', jsonb_build_object('mentor_id', pg_temp.m(60), 'coordinator_id', pg_temp.u('spare')), 401, NULL),
	('assign_coordinator', 'stranger', jsonb_build_object('mentor_id', pg_temp.m(60), 'coordinator_id', pg_temp.u('spare')), 404, 'mentor_not_found'),
	('assign_coordinator', 'coordinator', jsonb_build_object('mentor_id', pg_temp.m(60), 'coordinator_id', pg_temp.u('spare')), 403, 'not_allowed'),
	('assign_coordinator', 'admin', jsonb_build_object('mentor_id', pg_temp.m(60), 'coordinator_id', pg_temp.u('nobody')), 400, 'invalid_argument'),
	('assign_coordinator', 'admin', jsonb_build_object('mentor_id', pg_temp.m(60), 'coordinator_id', pg_temp.u('spare')), 200, NULL),
	('assign_coordinator', 'admin', jsonb_build_object('mentor_id', pg_temp.m(60), 'coordinator_id', pg_temp.u('spare')), 409, 'already_exists'),
	('end_assignment', 'anon', jsonb_build_object('mentor_id', pg_temp.m(60), 'coordinator_id', pg_temp.u('spare')), 401, NULL),
	('end_assignment', 'stranger', jsonb_build_object('mentor_id', pg_temp.m(60), 'coordinator_id', pg_temp.u('spare')), 404, 'mentor_not_found'),
	('end_assignment', 'coordinator', jsonb_build_object('mentor_id', pg_temp.m(60), 'coordinator_id', pg_temp.u('spare')), 403, 'not_allowed'),
	('end_assignment', 'admin', jsonb_build_object('mentor_id', pg_temp.m(60), 'coordinator_id', pg_temp.u('spare')), 204, NULL),
	('end_assignment', 'admin', jsonb_build_object('mentor_id', pg_temp.m(60), 'coordinator_id', pg_temp.u('spare')), 400, 'invalid_argument'),

	('grant_role', 'anon', jsonb_build_object('user_id', pg_temp.u('spare'), 'organisation_id', md5('org')::uuid, 'role', 'org_admin'), 401, NULL),
	('grant_role', 'chapter_admin', jsonb_build_object('user_id', pg_temp.u('spare'), 'organisation_id', md5('org')::uuid, 'role', 'org_admin'), 403, 'not_allowed'),
	('grant_role', 'other_admin', jsonb_build_object('user_id', pg_temp.u('spare'), 'organisation_id', md5('org')::uuid, 'role', 'org_admin'), 403, 'not_allowed'),
	('grant_role', 'admin', jsonb_build_object('user_id', pg_temp.u('spare'), 'organisation_id', md5('org')::uuid, 'role', 'king'), 400, 'invalid_argument'),
	('grant_role', 'admin', jsonb_build_object('user_id', pg_temp.u('spare'), 'organisation_id', md5('org')::uuid, 'role', 'coordinator', 'chapter_id', md5('other chapter')::uuid), 400, 'invalid_argument'),
	('grant_role', 'chapter_admin', jsonb_build_object('user_id', pg_temp.u('spare'), 'organisation_id', md5('org')::uuid, 'role', 'coordinator', 'chapter_id', pg_temp.c(1)), 200, NULL),
	('grant_role', 'admin', jsonb_build_object('user_id', pg_temp.u('spare'), 'organisation_id', md5('org')::uuid, 'role', 'coordinator', 'chapter_id', pg_temp.c(1)), 409, 'already_exists'),
	('end_role', 'anon', jsonb_build_object('user_id', pg_temp.u('spare'), 'organisation_id', md5('org')::uuid, 'role', 'coordinator', 'chapter_id', pg_temp.c(1)), 401, NULL),
	('end_role', 'coordinator', jsonb_build_object('user_id', pg_temp.u('spare'), 'organisation_id', md5('org')::uuid, 'role', 'coordinator', 'chapter_id', pg_temp.c(1)), 403, 'not_allowed'),
	('end_role', 'admin', jsonb_build_object('user_id', pg_temp.u('spare'), 'organisation_id', md5('org')::uuid, 'role', 'coordinator', 'chapter_id', pg_temp.c(1)), 204, NULL),
	('end_role', 'admin', jsonb_build_object('user_id', pg_temp.u('spare'), 'organisation_id', md5('org')::uuid, 'role', 'coordinator', 'chapter_id', pg_temp.c(1)), 400, 'invalid_argument'),

	('update_organisation', 'anon', jsonb_build_object('organisation_id', md5('org')::uuid, 'name', 'New'), 401, NULL),
	('update_organisation', 'chapter_admin', jsonb_build_object('organisation_id', md5('org')::uuid, 'name', 'New'), 403, 'not_allowed'),
	('update_organisation', 'admin', jsonb_build_object('organisation_id', md5('other org')::uuid, 'name', 'New'), 403, 'not_allowed'),
	('update_organisation', 'admin', jsonb_build_object('organisation_id', md5('org')::uuid, 'time_zone', 'Moon/Tranquility'), 400, 'invalid_argument'),
	('update_organisation', 'admin', jsonb_build_object('organisation_id', md5('org')::uuid, 'portal_sync', 'maybe'), 400, 'invalid_argument'),
	('update_organisation', 'admin', jsonb_build_object('organisation_id', md5('org')::uuid, 'name', 'New', 'reminder_days', ARRAY[30, 7, -1], 'auto_reactivate', true, 'portal_sync', 'on'), 204, NULL),
	('resolve_undeliverable', 'anon', '{"id": 1}', 401, NULL),
	('resolve_undeliverable', 'ghost', '{"id": 1}', 403, 'not_allowed'),
	('resolve_undeliverable', 'of 10', '{"id": 1}', 403, 'not_allowed'),
	('resolve_undeliverable', 'coordinator', '{"id": null}', 400, 'invalid_argument'),
	('resolve_undeliverable', 'coordinator', '{"id": 2}', 400, 'invalid_argument'),
	('resolve_undeliverable', 'coordinator', '{"id": 99}', 400, 'invalid_argument'),
	('resolve_undeliverable', 'coordinator', '{"id": 1}', 204, NULL),
	('claim_events', 'anon', '{"channel": "notification"}', 401, NULL),
	('claim_events', 'admin', '{"channel": "notification"}', 403, NULL),
	('claim_events', 'service', '{"channel": "mail"}', 400, 'invalid_argument'),
	('claim_events', 'service', '{"channel": "notification", "batch_size": 1, "lease": "1 minute"}', 200, NULL),
	('complete_event', 'anon', jsonb_build_object('id', 1, 'claim_token', pg_temp.u('token')), 401, NULL),
	('complete_event', 'admin', jsonb_build_object('id', 1, 'claim_token', pg_temp.u('token')), 403, NULL),
	('complete_event', 'service', '{"id": 1, "claim_token": null}', 400, 'invalid_argument'),
	('complete_event', 'service', jsonb_build_object('id', 1, 'claim_token', pg_temp.u('token')), 409, 'lease_lost'),
	('fail_event', 'anon', jsonb_build_object('id', 1, 'claim_token', pg_temp.u('token'), 'error', 'HTTP 503'), 401, NULL),
	('fail_event', 'admin', jsonb_build_object('id', 1, 'claim_token', pg_temp.u('token'), 'error', 'HTTP 503'), 403, NULL),
	('fail_event', 'service', jsonb_build_object('id', 1, 'claim_token', pg_temp.u('token'), 'error', 'HTTP 503', 'retry_after', '-1 minute'), 400, 'invalid_argument'),
	('fail_event', 'service', jsonb_build_object('id', 1, 'claim_token', pg_temp.u('token'), 'error', 'HTTP 503', 'permanent', true, 'retry_after', '1 minute'), 409, 'lease_lost'),
	('replay_events', 'anon', '{"channel": "notification"}', 401, NULL),
	('replay_events', 'admin', '{"channel": "notification"}', 403, NULL),
	('replay_events', 'service', '{"channel": null}', 400, 'invalid_argument'),
	('replay_events', 'service', '{"channel": "portal_sync"}', 200, NULL),
	('put_chapter', 'anon', jsonb_build_object('organisation_id', md5('org')::uuid, 'name', 'Third'), 401, NULL),
	('put_chapter', 'chapter_admin', jsonb_build_object('organisation_id', md5('org')::uuid, 'name', 'Third'), 403, 'not_allowed'),
	('put_chapter', 'admin', jsonb_build_object('organisation_id', md5('org')::uuid, 'name', 'Third', 'chapter_id', md5('other chapter')::uuid), 400, 'invalid_argument'),
	('put_chapter', 'admin', jsonb_build_object('organisation_id', md5('org')::uuid, 'name', 'Third'), 200, NULL),
	('put_certification_type', 'anon', jsonb_build_object('organisation_id', md5('org')::uuid, 'code', 'third'), 401, NULL),
	('put_certification_type', 'chapter_admin', jsonb_build_object('organisation_id', md5('org')::uuid, 'code', 'third'), 403, 'not_allowed'),
	('put_certification_type', 'admin', jsonb_build_object('organisation_id', md5('org')::uuid, 'code', 'third', 'renewal_mode', 'never'), 400, 'invalid_argument'),
	('put_certification_type', 'admin', jsonb_build_object('organisation_id', md5('org')::uuid, 'code', 'third', 'valid_for', '3 years', 'grace_days', 14, 'required', false), 204, NULL),
	('put_certification_type', 'admin', jsonb_build_object('organisation_id', md5('org')::uuid, 'code', 'third', 'grace_days', 7), 204, NULL),

	('coordinator_roster', 'anon', '{}', 401, NULL),
	('coordinator_roster', 'ghost', '{}', 403, 'not_allowed'),
	('coordinator_roster', 'mentor', '{}', 403, 'not_allowed'),
	('coordinator_roster', 'coordinator', '{"page_size": 0}', 400, 'invalid_argument'),
	('coordinator_roster', 'coordinator', '{"after": "nowhere"}', 400, 'invalid_argument'),
	('coordinator_roster', 'coordinator', '{"statuses": ["active", "paused"], "search": "m"}', 200, NULL),
	('coordinator_roster', 'admin', '{"page_size": 5, "overdue_only": true}', 200, NULL),

	('status_report', 'anon', jsonb_build_object('organisation_id', md5('org')::uuid, 'from_day', current_date - 30, 'to_day', current_date), 401, NULL),
	('status_report', 'stranger', jsonb_build_object('organisation_id', md5('org')::uuid, 'from_day', current_date - 30, 'to_day', current_date), 403, 'not_allowed'),
	('status_report', 'admin', jsonb_build_object('organisation_id', md5('org')::uuid, 'from_day', current_date, 'to_day', current_date - 1), 400, 'invalid_argument'),
	('status_report', 'admin', jsonb_build_object('organisation_id', md5('org')::uuid, 'from_day', current_date - 30, 'to_day', current_date), 200, NULL),

	('freeze_report', 'anon', jsonb_build_object('organisation_id', md5('org')::uuid, 'from_day', current_date - 30, 'to_day', current_date - 1), 401, NULL),
	('freeze_report', 'chapter_admin', jsonb_build_object('organisation_id', md5('org')::uuid, 'from_day', current_date - 30, 'to_day', current_date - 1), 403, 'not_allowed'),
	('freeze_report', 'admin', jsonb_build_object('organisation_id', md5('org')::uuid, 'from_day', NULL, 'to_day', current_date - 1), 400, 'invalid_argument'),
	('freeze_report', 'admin', jsonb_build_object('organisation_id', md5('org')::uuid, 'from_day', current_date - 30, 'to_day', current_date - 1), 200, NULL),

	('frozen_report', 'anon', jsonb_build_object('snapshot_id', md5('nothing')::uuid), 401, NULL),
	('frozen_report', 'ghost', jsonb_build_object('snapshot_id', md5('nothing')::uuid), 400, 'invalid_argument'),
	('frozen_report', 'admin', jsonb_build_object('snapshot_id', md5('nothing')::uuid), 400, 'invalid_argument')
) v (fn, who, args, status, code);

CREATE FUNCTION pg_temp.call(step integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	c    calls := (SELECT c FROM calls c WHERE c.n = step);
	args jsonb := c.args;
	key  text;
	got  record;
BEGIN
	-- an array reaches a function through JSON; the stand-in for PostgREST casts from text
	FOR key IN SELECT k FROM jsonb_object_keys(c.args) k WHERE jsonb_typeof(c.args -> k) = 'array' LOOP
		args := args || jsonb_build_object(key, translate(c.args ->> key, '[]', '{}'));
	END LOOP;
	got := mock.rpc(CASE c.who WHEN 'anon' THEN 'anon' WHEN 'service' THEN 'service_role' ELSE 'authenticated' END,
	                CASE WHEN c.who NOT IN ('anon', 'service') THEN pg_temp.u(c.who) END, ('public.' || c.fn)::regproc, args);
	INSERT INTO met VALUES (step, got.status,
		CASE WHEN got.status < 400 THEN NULL WHEN got.body ->> 'details' IS NULL THEN nullif(got.body ->> 'code', '42501')
		     ELSE (got.body ->> 'details')::jsonb ->> 'code' END, got.body);
END
$$;
SELECT format('SELECT pg_temp.call(%s)', n) FROM calls ORDER BY n \o /dev/null \gexec
\o
SELECT format('%s %s(%s): %s %s, not %s %s: %s', c.who, c.fn, c.args, m.status, m.code, c.status, c.code, m.body)
  FROM calls c LEFT JOIN met m USING (n) WHERE (c.status, c.code) IS DISTINCT FROM (m.status, m.code) ORDER BY n;
\echo --
SELECT DISTINCT c.fn, m.code, m.status FROM met m JOIN calls c USING (n) WHERE m.code NOT LIKE 'PGRST%' ORDER BY 1, 2;
