-- The public functions: typed, SECURITY INVOKER wrappers over the engine.  String bodies, so that DROP
-- EXTENSION leaves them in place.  Every migrate() makes them again.

CREATE OR REPLACE FUNCTION public.pause_mentor(mentor_id uuid, expected_return_date date DEFAULT NULL, expected_version bigint DEFAULT NULL, idempotency_key text DEFAULT NULL)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moved record;
BEGIN
	moved := peer_mentor.pause_mentor(pause_mentor.mentor_id, pause_mentor.expected_return_date, pause_mentor.expected_version, pause_mentor.idempotency_key);
	RETURN (moved.mentor_id, moved.previous_status::public.mentor_status, moved.new_status::public.mentor_status, moved.version,
	        moved.changed_at, moved.history_id)::public.mentor_transition;
END
$$;
COMMENT ON FUNCTION public.pause_mentor(uuid, date, bigint, text) IS
	'Pauses an active mentor. expected_return_date: local day, not in the past. expected_version: refuse with version_conflict if the status has another version. A mentor whose required certification is found lapsed becomes expired_cert instead. Errors: mentor_not_found, not_allowed, invalid_transition, version_conflict, idempotency_mismatch, invalid_argument.';

CREATE OR REPLACE FUNCTION public.reactivate_mentor(mentor_id uuid, expected_version bigint DEFAULT NULL, idempotency_key text DEFAULT NULL)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moved record;
BEGIN
	moved := peer_mentor.reactivate_mentor(reactivate_mentor.mentor_id, reactivate_mentor.expected_version, reactivate_mentor.idempotency_key);
	RETURN (moved.mentor_id, moved.previous_status::public.mentor_status, moved.new_status::public.mentor_status, moved.version,
	        moved.changed_at, moved.history_id)::public.mentor_transition;
END
$$;
COMMENT ON FUNCTION public.reactivate_mentor(uuid, bigint, text) IS
	'Ends a pause. For a mentor who is expired_cert it gives up the held pause and leaves the status as it is. Errors: mentor_not_found, not_allowed, invalid_transition, certification_required, version_conflict, idempotency_mismatch, invalid_argument.';

CREATE OR REPLACE FUNCTION public.set_return_date(mentor_id uuid, expected_return_date date, expected_version bigint DEFAULT NULL)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moved record;
BEGIN
	moved := peer_mentor.set_return_date(set_return_date.mentor_id, set_return_date.expected_return_date, set_return_date.expected_version);
	RETURN (moved.mentor_id, moved.previous_status::public.mentor_status, moved.new_status::public.mentor_status, moved.version,
	        moved.changed_at, moved.history_id)::public.mentor_transition;
END
$$;
COMMENT ON FUNCTION public.set_return_date(uuid, date, bigint) IS
	'Extends or shortens a live pause without a transition. expected_return_date: local day, not in the past. Errors: mentor_not_found, not_allowed, invalid_transition, version_conflict, invalid_argument.';

CREATE OR REPLACE FUNCTION public.register_mentor(mentor_id uuid, organisation_id uuid, chapter_ids uuid[], display_name text DEFAULT NULL, user_id uuid DEFAULT NULL, idempotency_key text DEFAULT NULL)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moved record;
BEGIN
	moved := peer_mentor.register_mentor(register_mentor.mentor_id, register_mentor.organisation_id, register_mentor.chapter_ids, register_mentor.display_name, register_mentor.user_id, register_mentor.idempotency_key);
	RETURN (moved.mentor_id, moved.previous_status::public.mentor_status, moved.new_status::public.mentor_status, moved.version,
	        moved.changed_at, moved.history_id)::public.mentor_transition;
END
$$;
COMMENT ON FUNCTION public.register_mentor(uuid, uuid, uuid[], text, uuid, text) IS
	'Registers a mentor as active. The first chapter is primary; none is allowed. Nobody registers their own login but the service. Errors: not_allowed, already_exists, idempotency_mismatch, invalid_argument.';

CREATE OR REPLACE FUNCTION public.record_certification(mentor_id uuid, certification_type text, issued_at date, expires_at date DEFAULT NULL, idempotency_key text DEFAULT NULL)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moved record;
BEGIN
	moved := peer_mentor.record_certification(record_certification.mentor_id, record_certification.certification_type, record_certification.issued_at, record_certification.expires_at, record_certification.idempotency_key);
	RETURN (moved.mentor_id, moved.previous_status::public.mentor_status, moved.new_status::public.mentor_status, moved.version,
	        moved.changed_at, moved.history_id)::public.mentor_transition;
END
$$;
COMMENT ON FUNCTION public.record_certification(uuid, text, date, date, text) IS
	'Records a certification that the mentor does not hold yet. expires_at: last valid day, by default issued_at plus valid_for of the type. Errors: mentor_not_found, not_allowed, already_exists, idempotency_mismatch, invalid_argument.';

CREATE OR REPLACE FUNCTION public.renew_certification(mentor_id uuid, certification_type text, completed_on date DEFAULT NULL, expires_at date DEFAULT NULL, expected_expires_at date DEFAULT NULL, idempotency_key text DEFAULT NULL)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moved record;
BEGIN
	moved := peer_mentor.renew_certification(renew_certification.mentor_id, renew_certification.certification_type, renew_certification.completed_on, renew_certification.expires_at, renew_certification.expected_expires_at, renew_certification.idempotency_key);
	RETURN (moved.mentor_id, moved.previous_status::public.mentor_status, moved.new_status::public.mentor_status, moved.version,
	        moved.changed_at, moved.history_id)::public.mentor_transition;
END
$$;
COMMENT ON FUNCTION public.renew_certification(uuid, text, date, date, date, text) IS
	'Renews a certification by the renewal mode of its type. completed_on: day of completion, by default today. expires_at: last valid day of the new term, instead of the computed one. expected_expires_at: refuse with version_conflict if the certification has another one. The last blocker gone, the mentor leaves expired_cert in the same transaction. Errors: mentor_not_found, certification_not_found, not_allowed, certification_suspended, renewal_too_early, version_conflict, idempotency_mismatch, invalid_argument.';

CREATE OR REPLACE FUNCTION public.suspend_certification(mentor_id uuid, certification_type text)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moved record;
BEGIN
	moved := peer_mentor.suspend_certification(suspend_certification.mentor_id, suspend_certification.certification_type);
	RETURN (moved.mentor_id, moved.previous_status::public.mentor_status, moved.new_status::public.mentor_status, moved.version,
	        moved.changed_at, moved.history_id)::public.mentor_transition;
END
$$;
COMMENT ON FUNCTION public.suspend_certification(uuid, text) IS
	'Suspends a certification; a required one makes its holder expired_cert. Errors: mentor_not_found, certification_not_found, not_allowed, certification_suspended, invalid_argument.';

CREATE OR REPLACE FUNCTION public.reinstate_certification(mentor_id uuid, certification_type text)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moved record;
BEGIN
	moved := peer_mentor.reinstate_certification(reinstate_certification.mentor_id, reinstate_certification.certification_type);
	RETURN (moved.mentor_id, moved.previous_status::public.mentor_status, moved.new_status::public.mentor_status, moved.version,
	        moved.changed_at, moved.history_id)::public.mentor_transition;
END
$$;
COMMENT ON FUNCTION public.reinstate_certification(uuid, text) IS
	'Lifts a suspension; the last blocker gone, the mentor leaves expired_cert in the same transaction. Errors: mentor_not_found, certification_not_found, not_allowed, invalid_transition, invalid_argument.';

CREATE OR REPLACE FUNCTION public.correct_certification(mentor_id uuid, certification_type text, issued_at date, expires_at date)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moved record;
BEGIN
	moved := peer_mentor.correct_certification(correct_certification.mentor_id, correct_certification.certification_type, correct_certification.issued_at, correct_certification.expires_at);
	RETURN (moved.mentor_id, moved.previous_status::public.mentor_status, moved.new_status::public.mentor_status, moved.version,
	        moved.changed_at, moved.history_id)::public.mentor_transition;
END
$$;
COMMENT ON FUNCTION public.correct_certification(uuid, text, date, date) IS
	'Puts a typing mistake in the dates of a certification right, recorded as such. issued_at, expires_at: first and last valid day. Callers: chapter admin, org admin, service. Errors: mentor_not_found, certification_not_found, not_allowed, invalid_argument.';

CREATE OR REPLACE FUNCTION public.remove_mentor(mentor_id uuid)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moved record;
BEGIN
	moved := peer_mentor.remove_mentor(remove_mentor.mentor_id);
	RETURN (moved.mentor_id, moved.previous_status::public.mentor_status, moved.new_status::public.mentor_status, moved.version,
	        moved.changed_at, moved.history_id)::public.mentor_transition;
END
$$;
COMMENT ON FUNCTION public.remove_mentor(uuid) IS
	'Removes a mentor and keeps what is provable; from then on every call answers mentor_not_found. Callers: chapter admin, org admin, service. Errors: mentor_not_found, not_allowed, invalid_argument.';

CREATE OR REPLACE FUNCTION public.restore_mentor(mentor_id uuid)
RETURNS public.mentor_transition
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moved record;
BEGIN
	moved := peer_mentor.restore_mentor(restore_mentor.mentor_id);
	RETURN (moved.mentor_id, moved.previous_status::public.mentor_status, moved.new_status::public.mentor_status, moved.version,
	        moved.changed_at, moved.history_id)::public.mentor_transition;
END
$$;
COMMENT ON FUNCTION public.restore_mentor(uuid) IS
	'Takes a removal back and brings the status in line with the certifications; nothing happens to a mentor who is not removed. Callers: chapter admin, org admin, service. Errors: mentor_not_found, not_allowed, invalid_argument.';

CREATE OR REPLACE FUNCTION public.link_login(mentor_id uuid, user_id uuid)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM peer_mentor.link_login(link_login.mentor_id, link_login.user_id);
END
$$;
COMMENT ON FUNCTION public.link_login(uuid, uuid) IS
	'Links a login to a mentor; NULL unlinks. Callers: chapter admin, org admin, service; nobody their own login. Errors: mentor_not_found, not_allowed, already_exists, invalid_argument.';

CREATE OR REPLACE FUNCTION public.set_mentor_chapters(mentor_id uuid, chapter_ids uuid[])
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM peer_mentor.set_mentor_chapters(set_mentor_chapters.mentor_id, set_mentor_chapters.chapter_ids);
END
$$;
COMMENT ON FUNCTION public.set_mentor_chapters(uuid, uuid[]) IS
	'Sets the live chapters of a mentor; the first is primary. Callers: coordinator or admin of every chapter concerned, org admin, service. Errors: mentor_not_found, not_allowed, invalid_argument.';

CREATE OR REPLACE FUNCTION public.set_listed(mentor_id uuid, listed boolean)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM peer_mentor.set_listed(set_listed.mentor_id, set_listed.listed);
END
$$;
COMMENT ON FUNCTION public.set_listed(uuid, boolean) IS
	'May the public listing show this mentor? Callers: the mentor, coordinator, chapter admin, org admin, service. Errors: mentor_not_found, not_allowed, invalid_argument.';

CREATE OR REPLACE FUNCTION public.assign_coordinator(mentor_id uuid, coordinator_id uuid)
RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN peer_mentor.assign_coordinator(assign_coordinator.mentor_id, assign_coordinator.coordinator_id);
END
$$;
COMMENT ON FUNCTION public.assign_coordinator(uuid, uuid) IS
	'Assigns a coordinator to one mentor; returns the assignment. Callers: chapter admin, org admin, service. Errors: mentor_not_found, not_allowed, already_exists, invalid_argument.';

CREATE OR REPLACE FUNCTION public.end_assignment(mentor_id uuid, coordinator_id uuid)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM peer_mentor.end_assignment(end_assignment.mentor_id, end_assignment.coordinator_id);
END
$$;
COMMENT ON FUNCTION public.end_assignment(uuid, uuid) IS
	'Ends an assignment. Callers: chapter admin, org admin, service. Errors: mentor_not_found, not_allowed, invalid_argument.';

CREATE OR REPLACE FUNCTION public.grant_role(user_id uuid, organisation_id uuid, role text, chapter_id uuid DEFAULT NULL)
RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN peer_mentor.grant_role(grant_role.user_id, grant_role.organisation_id, grant_role.role, grant_role.chapter_id);
END
$$;
COMMENT ON FUNCTION public.grant_role(uuid, uuid, text, uuid) IS
	'Grants coordinator or chapter_admin of a chapter, or org_admin; returns the role. Callers: org admin, service; a chapter admin for coordinators of the chapter. Errors: not_allowed, already_exists, invalid_argument.';

CREATE OR REPLACE FUNCTION public.end_role(user_id uuid, organisation_id uuid, role text, chapter_id uuid DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM peer_mentor.end_role(end_role.user_id, end_role.organisation_id, end_role.role, end_role.chapter_id);
END
$$;
COMMENT ON FUNCTION public.end_role(uuid, uuid, text, uuid) IS
	'Ends a role; with the last one in the organisation the assignments there end too. Callers: as grant_role. Errors: not_allowed, invalid_argument.';

CREATE OR REPLACE FUNCTION public.update_organisation(organisation_id uuid, name text DEFAULT NULL, time_zone text DEFAULT NULL, reminder_days integer[] DEFAULT NULL, auto_reactivate boolean DEFAULT NULL, portal_sync text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM peer_mentor.update_organisation(update_organisation.organisation_id, update_organisation.name, update_organisation.time_zone, update_organisation.reminder_days, update_organisation.auto_reactivate, update_organisation.portal_sync);
END
$$;
COMMENT ON FUNCTION public.update_organisation(uuid, text, text, integer[], boolean, text) IS
	'Changes what is given and leaves the rest. time_zone: IANA name. reminder_days: days before the last valid day, negative ones after it. portal_sync: off, queue or on. Callers: org admin, service. Errors: not_allowed, invalid_argument.';

CREATE OR REPLACE FUNCTION public.put_chapter(organisation_id uuid, name text, chapter_id uuid DEFAULT NULL)
RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN peer_mentor.put_chapter(put_chapter.organisation_id, put_chapter.name, put_chapter.chapter_id);
END
$$;
COMMENT ON FUNCTION public.put_chapter(uuid, text, uuid) IS
	'Makes a chapter, or renames the one of this id; returns its id. Callers: org admin, service. Errors: not_allowed, invalid_argument.';

CREATE OR REPLACE FUNCTION public.put_certification_type(organisation_id uuid, code text, name text DEFAULT NULL, valid_for interval DEFAULT NULL, renewal_mode text DEFAULT NULL, renewal_window_days integer DEFAULT NULL, grace_days integer DEFAULT NULL, required boolean DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM peer_mentor.put_certification_type(put_certification_type.organisation_id, put_certification_type.code, put_certification_type.name, put_certification_type.valid_for, put_certification_type.renewal_mode, put_certification_type.renewal_window_days, put_certification_type.grace_days, put_certification_type.required);
END
$$;
COMMENT ON FUNCTION public.put_certification_type(uuid, text, text, interval, text, integer, integer, boolean) IS
	'Makes a certification type, or changes what is given of it; renewal_window_days is always set, NULL = at any time. valid_for: whole days. Holders are looked at again by the nightly run when grace_days or required change. Callers: org admin, service. Errors: not_allowed, invalid_argument.';

CREATE OR REPLACE FUNCTION public.resolve_undeliverable(id bigint)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM peer_mentor.resolve_undeliverable(resolve_undeliverable.id);
END
$$;
COMMENT ON FUNCTION public.resolve_undeliverable(bigint) IS
	'Marks an undeliverable notification as dealt with. Callers: coordinator, chapter admin, org admin, service. Errors: not_allowed, invalid_argument.';

CREATE OR REPLACE FUNCTION public.explain_transition(mentor_id uuid, new_status public.mentor_status, OUT allowed boolean, OUT blockers jsonb)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	answer record;
BEGIN
	answer := peer_mentor.explain_transition(explain_transition.mentor_id, explain_transition.new_status::text);
	allowed := answer.allowed;
	blockers := answer.blockers;
END
$$;
COMMENT ON FUNCTION public.explain_transition(uuid, public.mentor_status) IS
	'Could the caller bring the mentor to this status by pause_mentor() or reactivate_mentor() now? Lists every blocker as {"code", "message", "hint"}, by the judgement of the calls themselves, and changes nothing. Callers: the mentor, coordinator, chapter admin, org admin, service. Errors: mentor_not_found, not_allowed, invalid_argument.';

CREATE OR REPLACE FUNCTION public.mentor_timeline(mentor_id uuid)
RETURNS TABLE (at timestamptz, kind text, event text, previous_status public.mentor_status, new_status public.mentor_status,
	effective_on date, actor_kind text, changed_by uuid, version bigint, certification_type text, issued_at date, expires_at date,
	expected_return_date date)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	PERFORM peer_mentor.require_visible(mentor_timeline.mentor_id);
	RETURN QUERY
	SELECT e.* FROM (
		SELECT h.changed_at, 'status'::text, h.reason::text, h.previous_status, h.new_status, h.effective_on, h.actor_kind,
		       h.changed_by, h.version, NULL::text, NULL::date, NULL::date, p.expected_return_date
		  FROM public.peer_mentor_status_history h
		  LEFT JOIN public.pause_records p ON p.mentor_id = h.mentor_id AND p.paused_at = h.changed_at
		 WHERE h.mentor_id = mentor_timeline.mentor_id
		UNION ALL
		SELECT c.at, 'certification', c.event, NULL, NULL, NULL, c.actor_kind, NULL, NULL, c.certification_type, c.issued_at,
		       c.expires_at, NULL
		  FROM public.certification_timeline c
		 WHERE c.peer_mentor_id = mentor_timeline.mentor_id
	) e (at, kind, event, previous_status, new_status, effective_on, actor_kind, changed_by, version, certification_type, issued_at,
	     expires_at, expected_return_date)
	ORDER BY e.at, e.version, e.certification_type;
END
$$;
COMMENT ON FUNCTION public.mentor_timeline(uuid) IS
	'Everything that happened to a mentor, oldest first: status changes (event is the reason code) and certification events. Callers: the mentor, coordinator, chapter admin, org admin, service. Errors: mentor_not_found, not_allowed, invalid_argument.';

CREATE OR REPLACE FUNCTION public.mentor_status_on(mentor_id uuid, day date) RETURNS public.mentor_status
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM peer_mentor.require_visible(mentor_status_on.mentor_id);
	IF mentor_status_on.day IS NULL THEN
		RAISE EXCEPTION 'argument "day" must not be null' USING ERRCODE = '22023',
			DETAIL = jsonb_build_object('code', 'invalid_argument', 'argument', 'day');
	END IF;
	RETURN (SELECT h.new_status FROM public.peer_mentor_status_history h
	         WHERE h.mentor_id = mentor_status_on.mentor_id AND h.effective_on <= mentor_status_on.day
	         ORDER BY h.version DESC LIMIT 1);
END
$$;
COMMENT ON FUNCTION public.mentor_status_on(uuid, date) IS
	'Status of a mentor at the end of this local day, by effective_on; NULL before the first record. Callers: the mentor, coordinator, chapter admin, org admin, service. Errors: mentor_not_found, not_allowed, invalid_argument.';

-- For delivery workers. In SQL, where the name of an argument may be a column's as well.

CREATE OR REPLACE FUNCTION public.claim_events(channel text, batch_size integer DEFAULT 100, lease interval DEFAULT '5 minutes')
RETURNS TABLE (id bigint, event_id uuid, channel text, event_type text, organisation_id uuid, mentor_id uuid, payload jsonb,
	created_at timestamptz, attempts integer, claim_token uuid, leased_until timestamptz, recipients jsonb)
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS 'SELECT * FROM peer_mentor.claim_events($1, $2, $3)';
COMMENT ON FUNCTION public.claim_events(text, integer, interval) IS
	'Leases up to batch_size (1 to 1000) events of a channel (notification or portal_sync) to the caller for this long (up to 1 day), in order: of each mentor the first one that waits. recipients: [{"recipient": user id, "role": text}] who are still to be told, decided now; [] for portal_sync. Each call counts as an attempt; then complete_event() or fail_event() with claim_token. Callers: service. Errors: invalid_argument.';

CREATE OR REPLACE FUNCTION public.complete_event(id bigint, claim_token uuid, recipient uuid DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN peer_mentor.complete_event(complete_event.id, complete_event.claim_token, complete_event.recipient);
END
$$;
COMMENT ON FUNCTION public.complete_event(bigint, uuid, uuid) IS
	'The event was delivered, or its delivery to this recipient. True when nothing of the event is left to deliver; again with the same token it changes nothing. Accepted also when the lease ran out, as long as nobody else claimed the event. Callers: service. Errors: lease_lost, invalid_argument.';

CREATE OR REPLACE FUNCTION public.fail_event(id bigint, claim_token uuid, error text, permanent boolean DEFAULT false,
	recipient uuid DEFAULT NULL, retry_after interval DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN peer_mentor.fail_event(fail_event.id, fail_event.claim_token, fail_event.error, fail_event.permanent, fail_event.recipient,
	                              fail_event.retry_after);
END
$$;
COMMENT ON FUNCTION public.fail_event(bigint, uuid, text, boolean, uuid, interval) IS
	'The event could not be delivered, or not to this recipient; true where it will be tried again. error: a code without personal data, cut at 500 bytes. It is tried again after retry_after (up to 30 days), or else after 1, 4, 16, 64, 256 and 360 minutes, give or take a quarter; after 8 attempts, or when permanent, it is given up. With a recipient the lease stays until every other one was tried as well. Callers: service. Errors: lease_lost, invalid_argument.';

CREATE OR REPLACE FUNCTION public.replay_events(channel text, mentor_id uuid DEFAULT NULL, since timestamptz DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN peer_mentor.replay_events(replay_events.channel, replay_events.mentor_id, replay_events.since);
END
$$;
COMMENT ON FUNCTION public.replay_events(text, uuid, timestamptz) IS
	'Delivers events of a channel once more, in their order and under the same event_id: those given up, to whom they did not reach, and those delivered; of this mentor, and written since then, where given. Of notifications, without mentor and since, only what reached nobody. Returns how many. Callers: service. Errors: invalid_argument.';

SELECT peer_mentor_private.record_migration(20261120000800, 'remake_api');
