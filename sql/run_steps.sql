-- The later steps of the nightly run: ends of pauses, overdue returns, purge; preview and progress.
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.reset() \gset
CREATE FUNCTION pg_temp.at(days int) RETURNS timestamptz LANGUAGE sql AS $$SELECT test.today()::timestamp AT TIME ZONE 'UTC' + make_interval(days => days, hours => 3)$$;
CREATE FUNCTION pg_temp.told() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(', ', r.status, (SELECT string_agg(format('%s: %s', s.key, c.said), ', ' ORDER BY s.ordinality)
	         FROM json_each(r.counts::json) WITH ORDINALITY s (key, value, ordinality),
	              LATERAL (SELECT string_agg(n.key || ' ' || n.value, ' ' ORDER BY n.key COLLATE "C") AS said FROM json_each_text(s.value) n WHERE n.value <> '0') c WHERE c.said IS NOT NULL))
	  FROM job_runs r ORDER BY started_at DESC LIMIT 1
$$;
CREATE FUNCTION pg_temp.overdue() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s: expected in %s, %s days late', m.display_name, (e.payload ->> 'expected_return_date')::date - test.today(), e.payload ->> 'days_overdue')
	  FROM outbox_events e JOIN peer_mentors m ON m.id = e.mentor_id WHERE e.event_type = 'return_overdue' ORDER BY e.id
$$;
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id(o), n
  FROM (VALUES ('anna', 'north'), ('bert', 'north'), ('cleo', 'north'), ('dora', 'south'), ('emil', 'south'), ('finn', 'south')) v (n, o);
SELECT test.call(format('pause_mentor(%L, %L)', test.id(n), test.today() + d)) FROM (VALUES ('anna', 3), ('bert', 5), ('dora', 3), ('emil', 9)) v (n, d);
SELECT test.call(format('pause_mentor(%L)', test.id(n))) FROM unnest(ARRAY['cleo', 'finn']) n;
UPDATE organisations SET auto_reactivate = true WHERE name = 'north';
CALL peer_mentor.run_nightly(pg_temp.at(2));
SELECT pg_temp.told();
-- on the day itself where the organisation wants it; elsewhere told the day after
CALL peer_mentor.run_nightly(pg_temp.at(3));
SELECT pg_temp.told();
SELECT * FROM test.trace('anna');
SELECT h.reason, h.actor_kind, h.changed_by, h.effective_on - test.today() AS effective, h.job_run_id IS NOT NULL AS by_run FROM peer_mentor_status_history h WHERE h.mentor_id = test.id('anna') AND h.version = 3;
SELECT * FROM pg_temp.overdue();
CALL peer_mentor.run_nightly(pg_temp.at(4));
SELECT * FROM pg_temp.overdue();
-- once, until there is another date
CALL peer_mentor.run_nightly(pg_temp.at(6));
SELECT pg_temp.told();
SELECT test.call(format('set_return_date(%L, %L)', test.id('dora'), test.today() + 7));
CALL peer_mentor.run_nightly(pg_temp.at(10));
SELECT pg_temp.told();
SELECT * FROM pg_temp.overdue();
-- wanted from now on
UPDATE organisations SET auto_reactivate = true WHERE name = 'south';
CALL peer_mentor.run_nightly(pg_temp.at(10));
SELECT pg_temp.told();
SELECT * FROM test.trace('dora');
-- a certification that lapses during the pause comes first
SELECT test.call(format('record_certification(%L, ''course'', %L, %L)', test.id('anna'), test.today() - 10, test.today() + 20));
SELECT test.call(format('pause_mentor(%L, %L)', test.id('anna'), test.today() + 25));
CALL peer_mentor.run_nightly(pg_temp.at(30));
SELECT * FROM test.trace('anna');
SELECT * FROM test.broken_promises(pg_temp.at(30));
SELECT count(*) FILTER (WHERE event_type = 'certification_expired') AS expired FROM outbox_events;

-- preview: the run itself, undone, and nothing changed
SELECT test.reset() \gset
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n FROM unnest(ARRAY['anna', 'bert', 'cleo', 'dora']) n;
UPDATE organisations SET auto_reactivate = true WHERE name = 'north';
SELECT test.call(format('record_certification(%L, ''course'', %L, %L)', test.id(n), test.today() - 10, test.today() + d)) FROM (VALUES ('anna', 1), ('bert', 30)) v (n, d);
SELECT test.call(format('pause_mentor(%L, %L, NULL, ''k'')', test.id('cleo'), test.today() + 2));
CREATE FUNCTION pg_temp.everything() RETURNS text LANGUAGE sql AS $$
	SELECT md5(string_agg(x::text, '' ORDER BY x::text)) FROM (
		SELECT to_jsonb(s) FROM peer_mentor_status s UNION ALL SELECT to_jsonb(h) FROM peer_mentor_status_history h UNION ALL SELECT to_jsonb(p) FROM pause_records p
		UNION ALL SELECT to_jsonb(c) FROM peer_mentor_certifications c UNION ALL SELECT to_jsonb(r) FROM cert_expiry_reminders r UNION ALL SELECT to_jsonb(e) FROM outbox_events e
		UNION ALL SELECT to_jsonb(j) FROM job_runs j UNION ALL SELECT to_jsonb(f) FROM job_run_failures f UNION ALL SELECT to_jsonb(i) FROM idempotent_requests i) a (x)
$$;
SELECT pg_temp.everything() AS before \gset
CREATE TEMP TABLE foreseen AS SELECT p.*, row_number() OVER () AS n FROM peer_mentor.preview_nightly(pg_temp.at(40)) p;
SELECT pg_temp.everything() = :'before' AS unchanged;
SELECT f.step, f.what, m.display_name, f.detail - 'effective_on' - 'expires_at' AS detail FROM foreseen f LEFT JOIN peer_mentors m ON m.id = f.mentor_id WHERE f.what <> 'counts' ORDER BY f.n;
CALL peer_mentor.run_nightly(pg_temp.at(40));
SELECT pg_temp.told();
SELECT (SELECT jsonb_object_agg(f.step, f.detail) FROM foreseen f WHERE f.what = 'counts') = (SELECT counts FROM job_runs) AS as_foreseen;
SELECT count(*) AS left_to_do FROM peer_mentor.preview_nightly(pg_temp.at(40)) WHERE what <> 'counts';
SELECT count(*) FROM peer_mentor.preview_nightly('infinity');
SELECT count(*) FROM peer_mentor.preview_nightly(NULL) WHERE what = 'counts';
-- who raises an error is told as well
CREATE FUNCTION pg_temp.dislike() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.mentor_id = md5('bert')::uuid THEN RAISE EXCEPTION 'not bert'; END IF; RETURN NEW; END$$;
SELECT test.call(format('renew_certification(%L, ''course'', NULL, %L)', test.id('bert'), test.today() + 60));
SELECT test.call(format('renew_certification(%L, ''course'', NULL, %L)', test.id('anna'), test.today() + 60));
CREATE TRIGGER dislike BEFORE INSERT ON peer_mentor_status_history FOR EACH ROW EXECUTE FUNCTION pg_temp.dislike();
SELECT f.step, f.what, m.display_name, f.detail - 'effective_on' - 'expires_at' AS detail FROM peer_mentor.preview_nightly(pg_temp.at(70)) f LEFT JOIN peer_mentors m ON m.id = f.mentor_id WHERE f.what <> 'counts';
SELECT count(*) AS failures FROM job_run_failures;
-- a failure whose cause is gone without the run having to do anything
CALL peer_mentor.run_nightly(pg_temp.at(70));
SELECT step, sqlstate, message, resolved_at IS NULL AS open FROM job_run_failures ORDER BY step;
DROP TRIGGER dislike ON peer_mentor_status_history;
SELECT test.call(format('renew_certification(%L, ''course'', NULL, %L)', test.id('bert'), test.today() + 900));
CALL peer_mentor.run_nightly(pg_temp.at(70));
SELECT step, resolved_at IS NULL AS open FROM job_run_failures ORDER BY step;

-- purge: each by its own age, and only what nothing needs
SELECT test.reset() \gset
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n FROM unnest(ARRAY['anna', 'bert']) n;
SELECT test.call(format('pause_mentor(%L, NULL, NULL, ''k'')', test.id('anna'))), test.call(format('record_certification(%L, ''course'', %L, %L)', test.id('bert'), test.today() - 10, test.today() + 1));
CALL peer_mentor.run_nightly(pg_temp.at(10));
CALL peer_mentor.run_nightly(pg_temp.at(11));
SELECT count(*) AS runs FROM job_runs;
RESET SESSION AUTHORIZATION;
SET session_replication_role = replica;
UPDATE outbox_events SET delivered_at = now() WHERE mentor_id = test.id('anna');
INSERT INTO job_run_failures (job_run_id, step, mentor_id, sqlstate, message, resolved_at) SELECT r.id, 'expire', test.id('anna'), 'XX000', 'x', CASE n WHEN 1 THEN now() END FROM job_runs r, generate_series(1, 2) n WHERE r.counts -> 'expire' ->> 'done' = '0' LIMIT 2;
INSERT INTO status_discrepancies (kind, mentor_id, found, expected, resolved_at) VALUES ('x', test.id('anna'), '1', '2', now()), ('x', test.id('anna'), '1', '2', NULL);
RESET session_replication_role;
SET SESSION AUTHORIZATION regress_pm_owner;
CALL peer_mentor.run_nightly(now() + interval '29 days');
SELECT pg_temp.told();
CALL peer_mentor.run_nightly(now() + interval '31 days');
SELECT pg_temp.told();
CALL peer_mentor.run_nightly(now() + interval '91 days', 1);
SELECT pg_temp.told();
SELECT counts -> 'expire' ->> 'moved' AS moved, (SELECT count(*) FROM peer_mentor_status_history h WHERE h.job_run_id = r.id) AS history, (SELECT count(*) FROM job_run_failures f WHERE f.job_run_id = r.id) AS failures FROM job_runs r ORDER BY started_at;
CALL peer_mentor.run_nightly(now() + interval '366 days');
SELECT pg_temp.told();
SELECT count(*) AS events_left, count(delivered_at) AS delivered FROM outbox_events;
SELECT (SELECT counts -> 'purge' FROM job_runs ORDER BY started_at DESC LIMIT 1);
-- each age is a setting
SET peer_mentor.keep_job_runs = 1;
SET peer_mentor.keep_job_runs = 0;
CALL peer_mentor.run_nightly(now() + interval '2 days');
SELECT counts -> 'purge' -> 'job_runs' AS purged FROM job_runs ORDER BY started_at DESC LIMIT 1;
RESET peer_mentor.keep_job_runs;

-- drift, as only a superuser can make it: found, told once, resolved when it is gone
SELECT test.reset() \gset
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n FROM unnest(ARRAY['anna', 'bert', 'cleo', 'dora', 'emil', 'finn', 'gry', 'hans', 'ida']) n;
INSERT INTO mentor_chapters (mentor_id, chapter_id) VALUES (test.id('finn'), test.id('n1'));
SELECT test.call(format('record_certification(%L, ''course'', %L, %L)', test.id(n), test.today() - 10, test.today() + 50)) FROM unnest(ARRAY['emil', 'gry']) n;
SELECT test.call(format('pause_mentor(%L, %L)', test.id(n), test.today() + 50)) FROM unnest(ARRAY['cleo', 'dora', 'hans']) n;
CALL peer_mentor.run_nightly();
SELECT counts -> 'reconcile' AS reconcile FROM job_runs ORDER BY started_at DESC LIMIT 1;
RESET SESSION AUTHORIZATION;
SET session_replication_role = replica;
DELETE FROM peer_mentor_status WHERE mentor_id = test.id('anna');
UPDATE peer_mentor_status SET status = 'paused' WHERE mentor_id = test.id('bert');
UPDATE peer_mentor_status_history SET previous_status = 'paused', new_status = 'active' WHERE mentor_id = test.id('cleo') AND version = 2;
UPDATE pause_records SET expected_return_date = test.today() + 51 WHERE mentor_id = test.id('dora');
UPDATE peer_mentor_certifications SET status = 'suspended' WHERE peer_mentor_id = test.id('emil');
UPDATE peer_mentor_status SET chapter_id = test.id('n2') WHERE mentor_id = test.id('finn');
UPDATE cert_expiry_reminders SET expiry_date = expiry_date + 1 WHERE mentor_id = test.id('gry');
DELETE FROM outbox_events WHERE mentor_id = test.id('hans');
RESET session_replication_role;
SET SESSION AUTHORIZATION regress_pm_owner;
CALL peer_mentor.run_nightly();
SELECT counts -> 'reconcile' AS reconcile FROM job_runs ORDER BY started_at DESC LIMIT 1;
SELECT m.display_name, d.kind, d.found::text LIKE '%20%-%' AS dates, CASE WHEN d.found::text NOT LIKE '%20%-%' THEN d.found END AS found, CASE WHEN d.expected::text NOT LIKE '%20%-%' THEN d.expected END AS expected
  FROM status_discrepancies d JOIN peer_mentors m ON m.id = d.mentor_id WHERE d.kind <> 'chapter_differs' ORDER BY 1, 2;
SELECT m.display_name, d.found ->> 'chapter_id' = test.id('n2')::text AS found, d.expected ->> 'chapter_id' = test.id('n1')::text AS expected FROM status_discrepancies d JOIN peer_mentors m ON m.id = d.mentor_id WHERE d.kind = 'chapter_differs';
SELECT open_discrepancies FROM job_health;
CALL peer_mentor.run_nightly();
SELECT counts -> 'reconcile' AS reconcile FROM job_runs ORDER BY started_at DESC LIMIT 1;
RESET SESSION AUTHORIZATION;
SET session_replication_role = replica;
UPDATE cert_expiry_reminders SET expiry_date = expiry_date - 1 WHERE mentor_id = test.id('gry');
RESET session_replication_role;
SET SESSION AUTHORIZATION regress_pm_owner;
CALL peer_mentor.run_nightly();
SELECT counts -> 'reconcile' AS reconcile FROM job_runs ORDER BY started_at DESC LIMIT 1;
SELECT kind, resolved_at IS NOT NULL AS resolved FROM status_discrepancies WHERE kind = 'reminder_differs';
-- a slice each night, going around
SELECT test.reset() \gset
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n::text), test.id('north'), n FROM generate_series(1, 5) n;
SET peer_mentor.reconcile_per_night = 2;
CALL peer_mentor.run_nightly();
CALL peer_mentor.run_nightly();
CALL peer_mentor.run_nightly();
CALL peer_mentor.run_nightly();
SELECT (counts -> 'reconcile' -> 'looked_at')::int AS looked_at, (SELECT count(*) FROM peer_mentors m WHERE m.id <= (r.counts -> 'reconcile' ->> 'up_to')::uuid) AS up_to FROM job_runs r ORDER BY started_at;
RESET peer_mentor.reconcile_per_night;

-- progress
SELECT status, step, done, total, per_second, eta, running_for > interval '0' AS running_for, heartbeat_age FROM job_progress;
