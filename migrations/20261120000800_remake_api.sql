-- The public functions: typed, SECURITY INVOKER wrappers over the engine.  String bodies, so that DROP
-- EXTENSION leaves them in place.  Every migrate() makes them again.

CREATE OR REPLACE FUNCTION public.pause_mentor(mentor_id uuid, expected_return_date date DEFAULT NULL, expected_version bigint DEFAULT NULL, idempotency_key text DEFAULT NULL)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result public.mentor_transition;
BEGIN
	result := peer_mentor.pause_mentor(pause_mentor.mentor_id, pause_mentor.expected_return_date, pause_mentor.expected_version, pause_mentor.idempotency_key);
	RETURN result;
END
$$;
COMMENT ON FUNCTION public.pause_mentor(uuid, date, bigint, text) IS
	'Pauses an active mentor. expected_return_date: local day, not in the past. expected_version: refuse with version_conflict if the status has another version. A mentor whose required certification is found lapsed becomes expired_cert instead. Errors: mentor_not_found, not_allowed, invalid_transition, version_conflict, idempotency_mismatch, invalid_argument.';

CREATE OR REPLACE FUNCTION public.reactivate_mentor(mentor_id uuid, expected_version bigint DEFAULT NULL, idempotency_key text DEFAULT NULL)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result public.mentor_transition;
BEGIN
	result := peer_mentor.reactivate_mentor(reactivate_mentor.mentor_id, reactivate_mentor.expected_version, reactivate_mentor.idempotency_key);
	RETURN result;
END
$$;
COMMENT ON FUNCTION public.reactivate_mentor(uuid, bigint, text) IS
	'Ends a pause. For a mentor who is expired_cert it gives up the held pause and leaves the status as it is. Errors: mentor_not_found, not_allowed, invalid_transition, certification_required, version_conflict, idempotency_mismatch, invalid_argument.';

CREATE OR REPLACE FUNCTION public.set_return_date(mentor_id uuid, expected_return_date date, expected_version bigint DEFAULT NULL)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result public.mentor_transition;
BEGIN
	result := peer_mentor.set_return_date(set_return_date.mentor_id, set_return_date.expected_return_date, set_return_date.expected_version);
	RETURN result;
END
$$;
COMMENT ON FUNCTION public.set_return_date(uuid, date, bigint) IS
	'Extends or shortens a live pause without a transition. expected_return_date: local day, not in the past. Errors: mentor_not_found, not_allowed, invalid_transition, version_conflict, invalid_argument.';

CREATE OR REPLACE FUNCTION public.register_mentor(mentor_id uuid, organisation_id uuid, chapter_ids uuid[], display_name text DEFAULT NULL, user_id uuid DEFAULT NULL, idempotency_key text DEFAULT NULL)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result public.mentor_transition;
BEGIN
	result := peer_mentor.register_mentor(register_mentor.mentor_id, register_mentor.organisation_id, register_mentor.chapter_ids, register_mentor.display_name, register_mentor.user_id, register_mentor.idempotency_key);
	RETURN result;
END
$$;
COMMENT ON FUNCTION public.register_mentor(uuid, uuid, uuid[], text, uuid, text) IS
	'Registers a mentor as active. The first chapter is primary; none is allowed. Errors: not_allowed, already_exists, idempotency_mismatch, invalid_argument.';

CREATE OR REPLACE FUNCTION public.record_certification(mentor_id uuid, certification_type text, issued_at date, expires_at date DEFAULT NULL, idempotency_key text DEFAULT NULL)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result public.mentor_transition;
BEGIN
	result := peer_mentor.record_certification(record_certification.mentor_id, record_certification.certification_type, record_certification.issued_at, record_certification.expires_at, record_certification.idempotency_key);
	RETURN result;
END
$$;
COMMENT ON FUNCTION public.record_certification(uuid, text, date, date, text) IS
	'Records a certification that the mentor does not hold yet. expires_at: last valid day, by default issued_at plus valid_for of the type. Errors: mentor_not_found, not_allowed, already_exists, idempotency_mismatch, invalid_argument.';

CREATE OR REPLACE FUNCTION public.renew_certification(mentor_id uuid, certification_type text, completed_on date DEFAULT NULL, expires_at date DEFAULT NULL, expected_expires_at date DEFAULT NULL, idempotency_key text DEFAULT NULL)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result public.mentor_transition;
BEGIN
	result := peer_mentor.renew_certification(renew_certification.mentor_id, renew_certification.certification_type, renew_certification.completed_on, renew_certification.expires_at, renew_certification.expected_expires_at, renew_certification.idempotency_key);
	RETURN result;
END
$$;
COMMENT ON FUNCTION public.renew_certification(uuid, text, date, date, date, text) IS
	'Renews a certification by the renewal mode of its type. completed_on: day of completion, by default today. expires_at: last valid day of the new term, instead of the computed one. expected_expires_at: refuse with version_conflict if the certification has another one. The last blocker gone, the mentor leaves expired_cert in the same transaction. Errors: mentor_not_found, certification_not_found, not_allowed, certification_suspended, renewal_too_early, version_conflict, idempotency_mismatch, invalid_argument.';

CREATE OR REPLACE FUNCTION public.suspend_certification(mentor_id uuid, certification_type text)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result public.mentor_transition;
BEGIN
	result := peer_mentor.suspend_certification(suspend_certification.mentor_id, suspend_certification.certification_type);
	RETURN result;
END
$$;
COMMENT ON FUNCTION public.suspend_certification(uuid, text) IS
	'Suspends a certification; a required one makes its holder expired_cert. Errors: mentor_not_found, certification_not_found, not_allowed, certification_suspended, invalid_argument.';

CREATE OR REPLACE FUNCTION public.reinstate_certification(mentor_id uuid, certification_type text)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	result public.mentor_transition;
BEGIN
	result := peer_mentor.reinstate_certification(reinstate_certification.mentor_id, reinstate_certification.certification_type);
	RETURN result;
END
$$;
COMMENT ON FUNCTION public.reinstate_certification(uuid, text) IS
	'Lifts a suspension; the last blocker gone, the mentor leaves expired_cert in the same transaction. Errors: mentor_not_found, certification_not_found, not_allowed, invalid_transition, invalid_argument.';

SELECT peer_mentor_private.record_migration(20261120000800, 'remake_api');
