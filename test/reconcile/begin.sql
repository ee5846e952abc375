-- Drift by hand and what reconcile() makes of it; run by a superuser in a database with a roster, after the promises
-- were made a view there.
\set QUIET on
\o /dev/null
SET client_min_messages = warning;
CREATE SCHEMA drift;
GRANT USAGE ON SCHEMA drift TO PUBLIC;

-- One mentor of a kind, always the same one.
CREATE FUNCTION drift.who(wanted text) RETURNS uuid LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
	SELECT s.mentor_id FROM peer_mentor_status s JOIN peer_mentors m ON m.id = s.mentor_id
	 CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE c.until IS NULL) AS chapters FROM mentor_chapters c WHERE c.mentor_id = s.mentor_id) c
	 CROSS JOIN LATERAL (SELECT count(*) AS n, count(*) FILTER (WHERE x.status = 'suspended') AS suspended,
	                            count(*) FILTER (WHERE x.status = 'expired') AS expired
	                       FROM peer_mentor_certifications x WHERE x.peer_mentor_id = s.mentor_id) k
	 CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE p.ended_by IS NOT NULL) AS ended, count(*) FILTER (WHERE p.resumes_pause_id IS NOT NULL) AS resumed
	                       FROM pause_records p WHERE p.mentor_id = s.mentor_id) p
	 WHERE m.deleted_at IS NULL AND CASE wanted
	       WHEN 'new' THEN s.status = 'active' AND s.version = 1 AND c.chapters = 2 AND k.n = 1
	       WHEN 'paused' THEN s.status = 'paused' AND s.version = 2 AND c.chapters = 2 AND s.expected_return_date IS NOT NULL
	       WHEN 'back' THEN s.status = 'active' AND s.version = 3 AND p.ended = 1
	       WHEN 'suspended' THEN s.status = 'expired_cert' AND k.suspended > 0 AND k.expired = 0
	       WHEN 'expired' THEN s.status = 'expired_cert' AND k.expired > 0 AND k.suspended = 0
	       WHEN 'shown' THEN EXISTS (SELECT FROM peer_mentor_private.portal_mentors x WHERE x.mentor_id = s.mentor_id AND x.state = 'shown')
	       WHEN 'resumed' THEN s.status = 'paused' AND p.resumed > 0
	       WHEN 'by run' THEN s.status = 'expired_cert' AND EXISTS (SELECT FROM peer_mentor_status_history h WHERE h.mentor_id = s.mentor_id AND h.job_run_id IS NOT NULL) END
	 ORDER BY s.mentor_id LIMIT 1
$$;

CREATE TABLE drift.injections (id int GENERATED ALWAYS AS IDENTITY, kinds text, outcome text, statement text);
-- {x}: the mentor drift.who('x')
INSERT INTO drift.injections (kinds, outcome, statement) VALUES
	('status_missing', 'repaired', $i$DELETE FROM peer_mentor_status WHERE mentor_id = {new}$i$),
	('status_missing', 'repaired', $i$DELETE FROM peer_mentor_status WHERE mentor_id = {paused}$i$),
	('status_missing', 'repaired', $i$DELETE FROM peer_mentor_status WHERE mentor_id = {resumed}$i$),
	('status_missing', 'repaired', $i$DELETE FROM peer_mentor_status WHERE mentor_id = {suspended}$i$),
	('status_missing', 'repaired', $i$DELETE FROM peer_mentor_status WHERE mentor_id = {new}; DELETE FROM peer_mentor_status_history WHERE mentor_id = {new}$i$),
	('status_missing', 'repaired', $i$INSERT INTO peer_mentors (organisation_id, external_key) SELECT id, 'past the trigger' FROM organisations LIMIT 1$i$),
	('history_missing status_missing', 'refused', $i$DELETE FROM peer_mentor_status WHERE mentor_id = {paused}; DELETE FROM peer_mentor_status_history WHERE mentor_id = {paused}; DELETE FROM pause_records WHERE mentor_id = {paused}$i$),
	('status_several', 'refused', $i$ALTER TABLE peer_mentor_status DROP CONSTRAINT peer_mentor_status_mentor_id_key; INSERT INTO peer_mentor_status (mentor_id, chapter_id) SELECT mentor_id, chapter_id FROM peer_mentor_status WHERE mentor_id = {new}$i$),
	('status_differs', 'repaired', $i$UPDATE peer_mentor_status SET status = 'paused', pause_reason = 'self_pause' WHERE mentor_id = {new}$i$),
	('status_differs', 'repaired', $i$UPDATE peer_mentor_status SET status = 'active', pause_reason = NULL, expected_return_date = NULL WHERE mentor_id = {paused}$i$),
	('status_differs', 'repaired', $i$UPDATE peer_mentor_status SET status = 'active', pause_reason = NULL, expected_return_date = NULL WHERE mentor_id = {resumed}$i$),
	('status_differs', 'repaired', $i$UPDATE peer_mentor_status SET status = 'active' WHERE mentor_id = {suspended}$i$),
	('status_differs', 'repaired', $i$UPDATE peer_mentor_status SET version = 99 WHERE mentor_id = {paused}$i$),
	('history_missing', 'refused', $i$DELETE FROM peer_mentor_status_history WHERE mentor_id = {new}$i$),
	('history_gap', 'refused', $i$DELETE FROM peer_mentor_status_history WHERE mentor_id = {back} AND version = 1$i$),
	('history_gap', 'refused', $i$DELETE FROM peer_mentor_status_history WHERE mentor_id = {back} AND version = 2$i$),
	('history_gap', 'refused', $i$DELETE FROM peer_mentor_status_history WHERE mentor_id = {back} AND version = 3$i$),
	('history_chain', 'refused', $i$UPDATE peer_mentor_status_history SET previous_status = 'expired_cert', reason = 'certification_renewed' WHERE mentor_id = {paused} AND version = 2$i$),
	('history_edge', 'refused', $i$UPDATE peer_mentor_status_history SET reason = 'pause_ended' WHERE mentor_id = {paused} AND version = 2$i$),
	('history_day', 'refused', $i$UPDATE peer_mentor_status_history SET effective_on = effective_on + 400 WHERE mentor_id = {paused} AND version = 1$i$),
	('pause_missing', 'repaired', $i$DELETE FROM pause_records WHERE mentor_id = {paused}$i$),
	('pause_missing', 'repaired', $i$DELETE FROM pause_records WHERE mentor_id = {suspended} AND status <> 'active'$i$),
	('pause_missing', 'repaired', $i$DELETE FROM pause_records WHERE mentor_id = {resumed} AND status <> 'active'$i$),
	('pause_missing', 'repaired', $i$UPDATE pause_records SET status = 'active', reactivated_at = now(), ended_by = 'reactivated' WHERE mentor_id = {paused}$i$),
	('pause_left', 'repaired', $i$INSERT INTO pause_records (mentor_id, status, pause_reason, paused_at) VALUES ({new}, 'paused', 'self_pause', now())$i$),
	('pause_left', 'repaired', $i$UPDATE pause_records SET status = 'paused', reactivated_at = NULL, ended_by = NULL WHERE mentor_id = {back}$i$),
	('pauses_several', 'repaired', $i$DROP INDEX pause_records_live_key; INSERT INTO pause_records (mentor_id, status, pause_reason, paused_at) VALUES ({paused}, 'expired_cert', 'certification_expired', now())$i$),
	('pauses_several', 'refused', $i$DROP INDEX pause_records_live_key; INSERT INTO pause_records (mentor_id, status, pause_reason, expected_return_date, paused_at) SELECT mentor_id, status, 'self_pause', expected_return_date, now() FROM pause_records WHERE mentor_id = {paused}$i$),
	('pause_differs', 'repaired', $i$UPDATE pause_records SET status = 'expired_cert' WHERE mentor_id = {paused}$i$),
	('pause_differs', 'repaired', $i$UPDATE pause_records SET status = 'paused' WHERE mentor_id = {suspended} AND status <> 'active'$i$),
	('pause_differs', 'repaired', $i$UPDATE pause_records SET expected_return_date = expected_return_date + 3 WHERE mentor_id = {paused}$i$),
	('pause_differs', 'repaired', $i$UPDATE pause_records SET pause_reason = 'self_pause' WHERE mentor_id = {paused}$i$),
	('pause_differs', 'repaired', $i$UPDATE peer_mentor_status SET expected_return_date = NULL WHERE mentor_id = {paused}$i$),
	('pause_lost', 'refused', $i$DELETE FROM pause_records WHERE mentor_id = {back}$i$),
	('pause_unlinked', 'refused', $i$UPDATE pause_records SET resumes_pause_id = id WHERE mentor_id = {paused}$i$),
	('certification_differs roster_differs', 'repaired repaired', $i$UPDATE peer_mentor_certifications SET status = 'expired' WHERE peer_mentor_id = {new}$i$),
	('certification_differs roster_differs', 'repaired repaired', $i$UPDATE peer_mentor_certifications SET status = 'active' WHERE peer_mentor_id = {expired} AND status = 'expired'$i$),
	('certification_differs reminder_differs renewals_differ roster_differs', 'repaired repaired refused repaired', $i$UPDATE peer_mentor_certifications SET issued_at = '2020-01-01', expires_at = '2021-01-01' WHERE peer_mentor_id = {new}$i$),
	('certification_ignored roster_differs', 'repaired repaired', $i$UPDATE peer_mentor_certifications SET status = 'suspended' WHERE peer_mentor_id = {new}$i$),
	('certification_ignored reminder_asleep roster_differs', 'repaired repaired repaired', $i$UPDATE peer_mentor_certifications SET status = 'active' WHERE peer_mentor_id = {suspended} AND status = 'suspended'$i$),
	('renewals_differ', 'refused', $i$UPDATE peer_mentor_certifications SET renewal_history = '[]' WHERE peer_mentor_id = {new}$i$),
	('renewals_malformed', 'refused', $i$ALTER TABLE peer_mentor_certifications DROP CONSTRAINT peer_mentor_certifications_renewal_history_check; UPDATE peer_mentor_certifications SET renewal_history = renewal_history || '[{"event": "issued"}]' WHERE peer_mentor_id = {new}$i$),
	('primary_missing', 'repaired', $i$UPDATE mentor_chapters SET is_primary = false WHERE mentor_id = {new}$i$),
	('primaries_several', 'repaired', $i$DROP INDEX mentor_chapters_primary_key; UPDATE mentor_chapters SET is_primary = true WHERE mentor_id = {new}$i$),
	('primaries_several', 'refused', $i$DROP INDEX mentor_chapters_primary_key; UPDATE mentor_chapters SET is_primary = true WHERE mentor_id = {new}; UPDATE peer_mentor_status SET chapter_id = NULL WHERE mentor_id = {new}$i$),
	('chapter_differs', 'repaired', $i$UPDATE peer_mentor_status SET chapter_id = NULL WHERE mentor_id = {new}$i$),
	('chapter_differs', 'repaired', $i$UPDATE peer_mentor_status SET chapter_id = (SELECT chapter_id FROM mentor_chapters WHERE mentor_id = {paused} AND NOT is_primary) WHERE mentor_id = {paused}$i$),
	('roster_differs', 'repaired', $i$UPDATE peer_mentor_status SET roster_name = 'Somebody else', next_expires_on = NULL WHERE mentor_id = {new}$i$),
	('roster_differs', 'repaired', $i$UPDATE peer_mentor_status SET on_roster = false, organisation_id = NULL WHERE mentor_id = {paused}$i$),
	('organisation_differs', 'refused', $i$UPDATE mentor_chapters SET chapter_id = (SELECT c.id FROM chapters c JOIN peer_mentors m ON m.organisation_id <> c.organisation_id WHERE m.id = {new} LIMIT 1) WHERE mentor_id = {new} AND NOT is_primary$i$),
	('organisation_differs', 'refused', $i$UPDATE peer_mentor_certifications SET organisation_id = (SELECT o.id FROM organisations o WHERE o.id <> organisation_id LIMIT 1) WHERE peer_mentor_id = {new}$i$),
	('organisation_differs', 'refused', $i$UPDATE outbox_events SET organisation_id = (SELECT o.id FROM organisations o WHERE o.id <> organisation_id LIMIT 1) WHERE mentor_id = {paused}$i$),
	('organisation_differs', 'refused', $i$UPDATE peer_mentor_status_history SET chapter_id = (SELECT c.id FROM chapters c JOIN peer_mentors m ON m.organisation_id <> c.organisation_id WHERE m.id = {new} LIMIT 1) WHERE mentor_id = {new}$i$),
	('organisation_differs', 'refused', $i$INSERT INTO coordinator_assignments (coordinator_id, mentor_id) SELECT r.user_id, {new} FROM role_assignments r JOIN peer_mentors m ON m.organisation_id <> r.organisation_id WHERE m.id = {new} LIMIT 1$i$),
	('reminder_missing', 'repaired', $i$DELETE FROM cert_expiry_reminders WHERE mentor_id = {new}$i$),
	('reminder_differs', 'repaired', $i$UPDATE cert_expiry_reminders SET expiry_date = expiry_date - 30 WHERE mentor_id = {new}$i$),
	('reminder_asleep', 'repaired', $i$UPDATE cert_expiry_reminders SET next_on = NULL, rungs_pending = '{30}' WHERE mentor_id = {new}$i$),
	('reminder_asleep', 'repaired', $i$UPDATE cert_expiry_reminders SET next_on = NULL, rungs_pending = NULL WHERE mentor_id = {new}$i$),
	('reminder_left', 'repaired', $i$INSERT INTO cert_expiry_reminders (mentor_id, certification_type, expiry_date) VALUES ({new}, 'gone', '2030-01-01')$i$),
	('event_missing', 'repaired', $i$DELETE FROM outbox_events WHERE mentor_id = {paused}$i$),
	('event_missing', 'repaired', $i$DELETE FROM outbox_events WHERE mentor_id = {by run} AND channel = 'notification' AND dedupe_key = 'status_changed:' || (SELECT id FROM peer_mentor_status_history WHERE mentor_id = {by run} AND job_run_id IS NOT NULL LIMIT 1)$i$),
	('event_unfounded', 'refused', $i$INSERT INTO outbox_events (channel, event_type, organisation_id, mentor_id, dedupe_key, payload) SELECT 'notification', 'status_changed', organisation_id, id, 'status_changed:' || gen_random_uuid(), '{"schema_version": 1, "version": 7}' FROM peer_mentors WHERE id = {new}$i$),
	('portal_differs', 'repaired', $i$UPDATE peer_mentor_private.portal_mentors SET state = 'hidden' WHERE mentor_id = {shown}$i$),
	('portal_differs', 'repaired', $i$DELETE FROM peer_mentor_private.portal_mentors WHERE mentor_id = {shown}$i$),
	('portal_differs', 'repaired', $i$UPDATE peer_mentors SET listed = false WHERE id = {shown}$i$),
	('run_missing', 'refused', $i$DELETE FROM job_runs WHERE id IN (SELECT job_run_id FROM peer_mentor_status_history WHERE mentor_id = {by run}); DELETE FROM job_run_failures; UPDATE peer_mentor_status_history SET job_run_id = NULL WHERE mentor_id <> {by run}$i$),
	('reference_broken', 'refused', $i$UPDATE peer_mentor_status SET activated_by = gen_random_uuid() WHERE mentor_id = {new}$i$),
	('reference_broken', 'refused', $i$UPDATE outbox_events SET mentor_id = gen_random_uuid() WHERE id = (SELECT max(id) FROM outbox_events WHERE event_type = 'certification_renewed')$i$),
	('reference_broken', 'refused', $i$INSERT INTO undeliverable_notifications (event_id, mentor_id, reason) SELECT id, mentor_id, 'x' FROM outbox_events LIMIT 1; UPDATE undeliverable_notifications SET event_id = 0$i$),
	('reference_broken', 'refused', $i$UPDATE mentor_chapters SET chapter_id = gen_random_uuid() WHERE mentor_id = {new} AND NOT is_primary$i$),
	('reference_broken', 'refused', $i$UPDATE peer_mentor_certifications SET certification_type = 'gone' WHERE peer_mentor_id = {new}; UPDATE cert_expiry_reminders SET certification_type = 'gone' WHERE mentor_id = {new}$i$),
	('reference_broken reference_broken', 'refused refused', $i$INSERT INTO peer_mentors (organisation_id) SELECT id FROM organisations LIMIT 1; INSERT INTO pause_records (mentor_id, status, pause_reason, paused_at) SELECT id, 'paused', 'self_pause', now() FROM peer_mentors WHERE id NOT IN (SELECT mentor_id FROM peer_mentor_status);
	  INSERT INTO cert_expiry_reminders (mentor_id, certification_type, expiry_date) SELECT id, 'x', '2030-01-01' FROM peer_mentors WHERE id NOT IN (SELECT mentor_id FROM peer_mentor_status); DELETE FROM peer_mentors WHERE id NOT IN (SELECT mentor_id FROM peer_mentor_status)$i$);

CREATE FUNCTION drift.inject(what text) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
	statement text := what;
	name      text;
BEGIN
	FOR name IN SELECT DISTINCT m[1] FROM regexp_matches(what, '\{([a-z][a-z ]*)\}', 'g') m LOOP
		IF drift.who(name) IS NULL THEN
			RAISE EXCEPTION 'nobody is %', name;
		END IF;
		statement := replace(statement, format('{%s}', name), quote_literal(drift.who(name)) || '::uuid');
	END LOOP;
	SET LOCAL session_replication_role = replica;
	EXECUTE statement;
	SET LOCAL session_replication_role = origin;
END
$$;

-- What one injection comes to, undone afterwards.
CREATE FUNCTION drift.try(what text, OUT seen text, OUT outcomes text, OUT kept text, OUT left_over text, OUT again text, OUT broken text)
LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		PERFORM drift.inject(what);
		SET LOCAL ROLE keeper;
		SELECT string_agg(r.kind, ' ' ORDER BY r.kind) INTO seen FROM peer_mentor.reconcile() r WHERE NOT r.repaired AND r.outcome IS NULL;
		SELECT string_agg(d.kind, ' ' ORDER BY d.kind) INTO kept FROM public.status_discrepancies d WHERE d.resolved_at IS NULL;
		SELECT string_agg(split_part(r.outcome, ':', 1), ' ' ORDER BY r.kind) INTO outcomes
		  FROM peer_mentor.reconcile(repair => true) r WHERE r.repaired = (r.outcome = 'repaired');
		SELECT string_agg(r.kind, ' ' ORDER BY r.kind) INTO left_over FROM peer_mentor.reconcile() r;
		SELECT string_agg(split_part(r.outcome, ':', 1), ' ' ORDER BY r.kind) INTO again FROM peer_mentor.reconcile(repair => true) r;
		RESET ROLE;
		SELECT string_agg(format('%s: %s', b.promise, b.violation), '; ') INTO broken
		  FROM (SELECT promise, mentor_id, violation FROM drift.broken_promises EXCEPT SELECT promise, mentor_id, violation FROM drift.broken_before) b;
		RAISE SQLSTATE 'TESTX';
	EXCEPTION WHEN SQLSTATE 'TESTX' THEN
	END;
END
$$;

-- What is refused stays, and stays refused; the promises hold where everything was repaired.
CREATE VIEW drift.trials AS
	SELECT i.id, format('%s, %s: %s', i.kinds, i.outcome, left(regexp_replace(i.statement, '\s+', ' ', 'g'), 120)) AS description,
	       concat_ws('; ', coalesce(t.seen, '-'), coalesce(t.kept, '-'), coalesce(t.outcomes, '-'), coalesce(t.left_over, '-'), coalesce(t.again, '-'),
	                 CASE WHEN i.outcome NOT LIKE '%refused%' THEN t.broken END) AS got,
	       concat_ws('; ', i.kinds, i.kinds, o.outcomes, coalesce(o.refused, '-'), coalesce(regexp_replace(o.refused, '[a-z_]+', 'refused', 'g'), '-')) AS want
	  FROM drift.injections i
	 CROSS JOIN LATERAL (SELECT string_agg(coalesce(w.outcome, i.outcome), ' ' ORDER BY w.n) AS outcomes,
	                            string_agg(w.kind, ' ' ORDER BY w.n) FILTER (WHERE coalesce(w.outcome, i.outcome) = 'refused') AS refused
	                       FROM unnest(string_to_array(i.kinds, ' '), string_to_array(i.outcome, ' ')) WITH ORDINALITY w (kind, outcome, n)) o
	 CROSS JOIN LATERAL drift.try(i.statement) t;
