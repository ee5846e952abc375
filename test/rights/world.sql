-- Two organisations with everybody in them, for the tests of rights; to be included at the start of one.  An id is md5 of
-- its name: statements say {m}, {u mentor}, {c1}.
\ir begin.sql

-- ---- everybody

-- number: the column in the tables of expectations
CREATE TEMP TABLE callers (number int, caller text, role text DEFAULT 'authenticated');
INSERT INTO callers SELECT n, c FROM unnest(ARRAY[
	'anon', 'nobody', 'mentor', 'other', 'coordinator', 'second', 'elsewhere', 'assigned', 'ended', 'chapter_admin', 'org_admin', 'far_admin',
	'service', 'self', 'former', 'unassigned', 'ended_chapter_admin', 'ended_org_admin', 'removed', 'owner']) WITH ORDINALITY u (c, n);
UPDATE callers SET role = CASE caller WHEN 'anon' THEN 'anon' WHEN 'service' THEN 'service_role' ELSE 'postgres' END
 WHERE caller IN ('anon', 'service', 'owner');

INSERT INTO auth.users (id) SELECT md5('u ' || caller)::uuid FROM callers WHERE role = 'authenticated';
INSERT INTO auth.users (id) SELECT md5('u ' || u)::uuid FROM unnest(ARRAY['far', 'far_coordinator', 'fresh', 'both']) u;
INSERT INTO organisations (id, name) VALUES (md5('org')::uuid, 'Here'), (md5('far org')::uuid, 'Far');
INSERT INTO chapters (id, organisation_id, name)
SELECT md5(c)::uuid, md5('org')::uuid, c FROM unnest(ARRAY['c1', 'c2', 'c3', 'c4']) c UNION ALL SELECT md5('far c')::uuid, md5('far org')::uuid, 'far';
INSERT INTO certification_types (organisation_id, code)
VALUES (md5('org')::uuid, 'course'), (md5('org')::uuid, 'extra'), (md5('far org')::uuid, 'course'), (md5('far org')::uuid, 'far');

-- m: of chapters c1 (primary) and c2, formerly of c4; m admin: a mentor who administers the organisation
INSERT INTO peer_mentors (id, organisation_id, user_id, display_name, listed) VALUES
	(md5('m')::uuid, md5('org')::uuid, md5('u mentor')::uuid, 'M', true),
	(md5('m other')::uuid, md5('org')::uuid, md5('u other')::uuid, 'Other', true),
	(md5('m admin')::uuid, md5('org')::uuid, md5('u self')::uuid, 'Admin', true),
	(md5('m removed')::uuid, md5('org')::uuid, md5('u removed')::uuid, 'Removed', true),
	(md5('m third')::uuid, md5('org')::uuid, NULL, 'Third', false),
	(md5('m far')::uuid, md5('far org')::uuid, md5('u far')::uuid, 'Far', true);
INSERT INTO mentor_chapters (mentor_id, chapter_id, is_primary) VALUES
	(md5('m')::uuid, md5('c1')::uuid, true), (md5('m')::uuid, md5('c2')::uuid, false), (md5('m other')::uuid, md5('c1')::uuid, true),
	(md5('m admin')::uuid, md5('c1')::uuid, true), (md5('m removed')::uuid, md5('c1')::uuid, true),
	(md5('m third')::uuid, md5('c3')::uuid, true), (md5('m far')::uuid, md5('far c')::uuid, true);
INSERT INTO mentor_chapters (mentor_id, chapter_id, since, until) VALUES (md5('m')::uuid, md5('c4')::uuid, current_date - 9, current_date - 1);
INSERT INTO role_assignments (user_id, organisation_id, chapter_id, role, ended_at) VALUES
	(md5('u coordinator')::uuid, md5('org')::uuid, md5('c1')::uuid, 'coordinator', NULL),
	(md5('u second')::uuid, md5('org')::uuid, md5('c2')::uuid, 'coordinator', NULL),
	(md5('u second')::uuid, md5('org')::uuid, md5('c3')::uuid, 'coordinator', NULL),
	(md5('u elsewhere')::uuid, md5('org')::uuid, md5('c3')::uuid, 'coordinator', NULL),
	(md5('u ended')::uuid, md5('org')::uuid, md5('c1')::uuid, 'coordinator', now()),
	(md5('u chapter_admin')::uuid, md5('org')::uuid, md5('c1')::uuid, 'chapter_admin', NULL),
	(md5('u org_admin')::uuid, md5('org')::uuid, NULL, 'org_admin', NULL),
	(md5('u self')::uuid, md5('org')::uuid, NULL, 'org_admin', NULL),
	(md5('u former')::uuid, md5('org')::uuid, md5('c4')::uuid, 'coordinator', NULL),
	(md5('u former')::uuid, md5('org')::uuid, md5('c4')::uuid, 'chapter_admin', NULL),
	(md5('u ended_chapter_admin')::uuid, md5('org')::uuid, md5('c1')::uuid, 'chapter_admin', now()),
	(md5('u ended_org_admin')::uuid, md5('org')::uuid, NULL, 'org_admin', now()),
	(md5('u far_admin')::uuid, md5('far org')::uuid, NULL, 'org_admin', NULL),
	(md5('u far_coordinator')::uuid, md5('far org')::uuid, md5('far c')::uuid, 'coordinator', NULL);
INSERT INTO coordinator_assignments (coordinator_id, mentor_id, ended_at) VALUES
	(md5('u assigned')::uuid, md5('m')::uuid, NULL), (md5('u unassigned')::uuid, md5('m')::uuid, now()),
	(md5('u unassigned')::uuid, md5('m removed')::uuid, NULL), (md5('u far_coordinator')::uuid, md5('m far')::uuid, NULL);

-- ---- a row in every table, and in those of mentors one of every mentor

INSERT INTO register_import (mentor_key) VALUES ('somebody');
SET LOCAL ROLE postgres;
SELECT count(record_certification(id, 'course', current_date, idempotency_key => 'course ' || id)) FROM peer_mentors \g /dev/null
RESET ROLE;
UPDATE peer_mentors SET deleted_at = now() WHERE id = md5('m removed')::uuid;
-- what no function writes now, as a restore would
SET LOCAL session_replication_role = replica;
INSERT INTO pause_records (mentor_id, status, pause_reason, paused_at, reactivated_at, ended_by)
SELECT id, 'active', 'self_pause', now() - interval '2 days', now() - interval '1 day', 'reactivated' FROM peer_mentors;
INSERT INTO certification_renewal_events (certification_id, schema_version, event, at, issued_at, expires_at, actor_kind)
SELECT id, 1, 'issued', now(), issued_at, expires_at, 'operator' FROM peer_mentor_certifications;
INSERT INTO cert_expiry_reminders (mentor_id, certification_type, expiry_date) SELECT id, 'course', current_date FROM peer_mentors
    ON CONFLICT DO NOTHING;
INSERT INTO outbox_events (channel, event_type, organisation_id, mentor_id, dedupe_key, payload)
SELECT 'notification', 'status_changed', organisation_id, id, 'world ' || id, '{"schema_version": 1}' FROM peer_mentors;
INSERT INTO outbox_deliveries (event_id, recipient, role) SELECT id, md5('u org_admin')::uuid, 'org_admin' FROM outbox_events LIMIT 1;
INSERT INTO undeliverable_notifications (id, event_id, mentor_id, reason) OVERRIDING SYSTEM VALUE
SELECT CASE mentor_id WHEN md5('m')::uuid THEN 1001 WHEN md5('m far')::uuid THEN 1002 ELSE 1002 + row_number() OVER () END, id, mentor_id, 'nobody'
  FROM outbox_events WHERE dedupe_key LIKE 'world %';
INSERT INTO job_runs (id, job_name, as_of, status, finished_at, worker_pid, worker_started)
VALUES (md5('run')::uuid, 'nightly', now(), 'succeeded', now(), 1, now());
INSERT INTO job_run_failures (job_run_id, step, mentor_id, sqlstate, message) VALUES (md5('run')::uuid, 'expire', md5('m')::uuid, 'XX000', 'm');
INSERT INTO status_discrepancies (kind, mentor_id, found, expected) SELECT 'status', id, '{}', '{}' FROM peer_mentors;
INSERT INTO report_snapshots (id, organisation_id, from_day, to_day, actor_kind, report, checksum)
SELECT md5('report of ' || name)::uuid, id, current_date, current_date, 'operator', r.report, encode(sha256(convert_to(r.report::text, 'UTF8')), 'hex')
  FROM organisations CROSS JOIN LATERAL jsonb_build_object('organisation_id', id, 'from_day', current_date, 'to_day', current_date, 'rows', '[]'::jsonb) r (report);
INSERT INTO erased_spans (organisation_id, status, certified, from_day, to_day) SELECT id, 'active', true, current_date - 9, current_date FROM organisations;
INSERT INTO erased_transitions (organisation_id, reason, new_status, effective_on) SELECT id, 'registered', 'active', current_date FROM organisations;
INSERT INTO peer_mentor_private.mentor_reviews (mentor_id) SELECT md5('m')::uuid ON CONFLICT DO NOTHING;
INSERT INTO peer_mentor_private.ladder_changes (organisation_id, changed_at) SELECT md5('org')::uuid, now();
INSERT INTO peer_mentor_private.outbox_workers VALUES ('notification', now());
INSERT INTO peer_mentor_private.portal_mentors (mentor_id, organisation_id, state) SELECT md5('m')::uuid, md5('org')::uuid, 'shown';
SET LOCAL session_replication_role = origin;

-- ---- the harness

CREATE FUNCTION pg_temp.with_ids(statement text) RETURNS text LANGUAGE sql AS
	$$SELECT regexp_replace(statement, '\{([^{}]+)\}', 'md5(''\1'')::uuid', 'g')$$;

-- The SQLSTATE that goes with each code.
CREATE FUNCTION pg_temp.sqlstate_of(code text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN code IN ('mentor_not_found', 'certification_not_found') THEN 'PT404' WHEN code IN ('not_allowed', 'engine_only') THEN '42501'
	            WHEN code = 'invalid_argument' THEN '22023' WHEN code LIKE 'storage%' THEN '55000' ELSE 'PT409' END
$$;

-- What happens when the caller runs the statement, in a subtransaction that is rolled back.  answer: ok; else the code in DETAIL,
-- else the SQLSTATE; n: rows; told: everything the caller learns from a refusal; seen: what the query finds afterwards.
CREATE FUNCTION pg_temp.attempt(who text, before text, statement text, query text,
	OUT answer text, OUT n bigint, OUT told text, OUT seen text) LANGUAGE plpgsql AS $$
DECLARE
	r       record;
	state   text;
	message text;
	detail  text;
	hint    text;
	code    text;
BEGIN
	SELECT c.role INTO STRICT r FROM callers c WHERE c.caller = who;
	BEGIN
		IF before <> '' THEN
			SET LOCAL ROLE postgres;
			EXECUTE pg_temp.with_ids(before);
			RESET ROLE;
		END IF;
		IF r.role = 'postgres' THEN
			SET LOCAL ROLE postgres;
		ELSE
			PERFORM mock.request(r.role, CASE r.role WHEN 'authenticated' THEN md5('u ' || who)::uuid END);
		END IF;
		EXECUTE pg_temp.with_ids(statement);
		GET DIAGNOSTICS n = ROW_COUNT;
		IF query <> '' THEN
			RESET ROLE;
			EXECUTE pg_temp.with_ids(query) INTO seen;
		END IF;
		RAISE SQLSTATE 'TESTX';
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	END;
	IF state = 'TESTX' THEN
		answer := 'ok';
		RETURN;
	END IF;
	n := NULL;
	told := concat_ws(' | ', state, message, nullif(detail, ''), nullif(hint, ''));
	code := CASE WHEN detail LIKE '{%' THEN detail::jsonb ->> 'code' END;
	answer := CASE WHEN code IS NULL THEN state WHEN pg_temp.sqlstate_of(code) = state THEN code ELSE code || ' as ' || state END;
END
$$;
