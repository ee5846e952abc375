-- The nightly run: what it finds, what it leaves, what it writes down.
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.reset() \gset
SELECT test.today() AS today, test.today() + time '12:00' AT TIME ZONE 'UTC' AS noon \gset
-- the counts of the last run that are not zero
CREATE FUNCTION pg_temp.told() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(', ', r.status, (SELECT string_agg(format('%s: %s', s.key, c.said), ', ' ORDER BY s.ordinality)
	         FROM json_each(r.counts::json) WITH ORDINALITY s (key, value, ordinality),
	              LATERAL (SELECT string_agg(n.key || ' ' || n.value, ' ' ORDER BY n.key COLLATE "C") AS said FROM json_each_text(s.value) n WHERE n.value <> '0') c WHERE c.said IS NOT NULL))
	  FROM job_runs r ORDER BY started_at DESC LIMIT 1
$$;
CREATE FUNCTION pg_temp.statuses() RETURNS TABLE (name text, status text, reason text, kind text, effective int, version bigint) LANGUAGE sql AS $$
	SELECT m.display_name, s.status::text, h.reason::text, h.actor_kind, h.effective_on - test.today(), s.version
	  FROM peer_mentor_status s JOIN peer_mentors m ON m.id = s.mentor_id JOIN peer_mentor_status_history h ON h.mentor_id = s.mentor_id AND h.version = s.version ORDER BY 1
$$;
-- empty
CALL peer_mentor.run_nightly();
SELECT pg_temp.told();
SELECT job_name, status, finished_at >= started_at AS finished, heartbeat_at >= started_at AS beat, worker_pid = pg_backend_pid() AS mine, step, error, as_of <= started_at AS now FROM job_runs;
SELECT last_good_age < interval '1 hour' AS good, overdue, backlog_due, stuck_run, open_failures FROM job_health;

-- a register as import leaves it: nothing is due before the run has seen it
INSERT INTO register_import (mentor_key, certification_type, issued_on, expires_on) SELECT n, t, to_char(test.today() - 400, 'YYYY-MM-DD'), to_char(test.today() + d, 'YYYY-MM-DD')
  FROM (VALUES ('anna', 'course', -1), ('bert', 'course', 0), ('cleo', 'course', -200), ('dora', 'course', -3), ('dora', 'police', -9), ('emil', 'extra', -30), ('finn', 'course', 1), ('gry', 'course', 40)) v (n, t, d);
SELECT * FROM peer_mentor.import_register(test.id('north'));
UPDATE peer_mentors SET display_name = external_key;
SELECT id AS anna FROM peer_mentors WHERE display_name = 'anna' \gset
SELECT backlog_due FROM job_health;
SELECT DISTINCT status FROM peer_mentor_status;
SELECT backlog_due, overdue FROM job_health;
CALL peer_mentor.run_nightly();
SELECT pg_temp.told();
SELECT * FROM pg_temp.statuses();
SELECT m.display_name, c.certification_type, c.status, c.renewal_history -> -1 ->> 'event' AS event, c.renewal_history -> -1 ->> 'actor_kind' AS kind, (c.renewal_history -> -1 ->> 'job_run_id')::uuid IN (SELECT id FROM job_runs) AS by_run
  FROM peer_mentor_certifications c JOIN peer_mentors m ON m.id = c.peer_mentor_id ORDER BY 1, 2;
SELECT count(*) AS by_run FROM peer_mentor_status_history h JOIN job_runs r ON r.id = h.job_run_id;
SELECT * FROM test.broken_promises(now());
SELECT backlog_due FROM job_health;
-- a second run changes nothing
CREATE TEMP TABLE before AS SELECT status, version, updated_at, mentor_id FROM peer_mentor_status;
CALL peer_mentor.run_nightly(now());
SELECT pg_temp.told();
SELECT count(*) AS moved FROM before b JOIN peer_mentor_status s USING (mentor_id) WHERE b.status <> s.status OR b.version <> s.version OR b.updated_at <> s.updated_at;
-- the missed nights of three months in one run; the day of each is its own
CALL peer_mentor.run_nightly(:'noon'::timestamptz + interval '90 days');
SELECT pg_temp.told();
SELECT * FROM pg_temp.statuses();
SELECT * FROM test.broken_promises(:'noon'::timestamptz + interval '90 days');
CALL peer_mentor.run_nightly(:'noon'::timestamptz + interval '90 days');
SELECT pg_temp.told();
SELECT bool_and(h.changed_at < clock_timestamp()) AS clock_not_as_of, count(DISTINCT job_run_id) AS runs FROM peer_mentor_status_history h;
-- an earlier moment than one that was processed: who is valid then comes back
CALL peer_mentor.run_nightly();
SELECT pg_temp.told();
SELECT * FROM pg_temp.statuses() WHERE status <> 'expired_cert';
SELECT * FROM test.broken_promises(now());

-- committed batches of any size come to the same
CREATE FUNCTION pg_temp.roster(n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM test.reset();
	INSERT INTO register_import (mentor_key, certification_type, issued_on, expires_on)
		SELECT 'm' || i % n, 'course', to_char(test.today() - 400, 'YYYY-MM-DD'), to_char(test.today() - 1 - i % 7, 'YYYY-MM-DD') FROM generate_series(1, n) i;
	INSERT INTO register_import (mentor_key, certification_type, issued_on, expires_on)
		SELECT 'm' || i % n, 'police', to_char(test.today() - 400, 'YYYY-MM-DD'), to_char(test.today() - i % 5, 'YYYY-MM-DD') FROM generate_series(1, n, 3) i;
	PERFORM peer_mentor.import_register(test.id('north'));
END
$$;
SELECT pg_temp.roster(25) \gset
CALL peer_mentor.run_nightly(batch_size => 1);
SELECT pg_temp.told(), count(*) FILTER (WHERE status = 'expired_cert') AS expired, count(*) FROM peer_mentor_status;
SELECT count(DISTINCT xmin::text) >= 25 AS a_transaction_each FROM peer_mentor_status;
SELECT * FROM test.broken_promises(now());
SELECT pg_temp.roster(25) \gset
CALL peer_mentor.run_nightly(batch_size => 2);
SELECT pg_temp.told(), count(*) FILTER (WHERE status = 'expired_cert') AS expired FROM peer_mentor_status;
SELECT * FROM test.broken_promises(now());
SELECT pg_temp.roster(25) \gset
CALL peer_mentor.run_nightly(batch_size => 100000);
SELECT pg_temp.told(), count(*) FILTER (WHERE status = 'expired_cert') AS expired FROM peer_mentor_status;
SELECT count(DISTINCT xmin::text) AS transactions FROM peer_mentor_status;
SELECT * FROM test.broken_promises(now());

-- paused, removed, suspended and optional ones; changed rules of a type
SELECT test.reset() \gset
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n FROM unnest(ARRAY['anna', 'bert', 'cleo', 'dora', 'emil', 'finn']) n;
SELECT test.call(format('record_certification(%L, %L, %L)', test.id(n), t, test.today() - 10))
  FROM (VALUES ('anna', 'course'), ('bert', 'course'), ('cleo', 'course'), ('dora', 'extra'), ('emil', 'course'), ('finn', 'course')) v (n, t);
SELECT test.call(format('pause_mentor(%L, %L)', test.id(n), test.today() + 100)) FROM unnest(ARRAY['anna', 'finn']) n;
SELECT test.call(format('suspend_certification(%L, ''course'')', test.id('bert')));
UPDATE peer_mentors SET deleted_at = now() WHERE display_name = 'cleo';
SELECT count(*) AS backdated FROM (VALUES ('anna', 'course'), ('cleo', 'course'), ('dora', 'extra'), ('emil', 'course')) v (n, t), test.backdate(n, t, test.today() - 2);
CALL peer_mentor.run_nightly();
SELECT pg_temp.told();
SELECT * FROM pg_temp.statuses();
SELECT * FROM test.trace('anna');
-- more grace: valid again, the pause goes on
UPDATE certification_types SET grace_days = 5 WHERE organisation_id = test.id('north') AND code = 'course';
CALL peer_mentor.run_nightly();
SELECT pg_temp.told();
SELECT * FROM pg_temp.statuses();
SELECT * FROM test.trace('anna');
SELECT count(*) AS noted FROM certification_types WHERE rules_changed_at IS NOT NULL;
-- less grace again; required, and no more
UPDATE certification_types SET grace_days = 1 WHERE organisation_id = test.id('north') AND code = 'course';
UPDATE certification_types SET required = true WHERE organisation_id = test.id('north') AND code = 'extra';
CALL peer_mentor.run_nightly();
SELECT pg_temp.told();
SELECT * FROM pg_temp.statuses();
UPDATE certification_types SET required = false WHERE organisation_id = test.id('north');
CALL peer_mentor.run_nightly();
SELECT pg_temp.told();
SELECT * FROM pg_temp.statuses();
SELECT * FROM test.broken_promises(now());
-- the one who was removed is looked at on restoring
UPDATE certification_types SET required = true WHERE organisation_id = test.id('north') AND code = 'course';
UPDATE peer_mentors SET deleted_at = NULL WHERE display_name = 'cleo';
SELECT * FROM pg_temp.statuses() WHERE name = 'cleo';
CALL peer_mentor.run_nightly();
SELECT * FROM test.broken_promises(now());

-- the organisation's own midnight
SELECT test.reset() \gset
UPDATE organisations SET time_zone = 'Pacific/Kiritimati' WHERE name = 'north';
UPDATE organisations SET time_zone = 'Etc/GMT+12' WHERE name = 'south';
INSERT INTO peer_mentors (id, organisation_id, display_name) VALUES (test.id('early'), test.id('north'), 'early'), (test.id('late'), test.id('south'), 'late');
SELECT test.call(format('record_certification(%L, ''course'', %L, %L)', test.id(n), test.today(), test.today() + 10)) FROM unnest(ARRAY['early', 'late']) n;
SELECT to_char(test.today() + 10, 'YYYY-MM-DD') AS last_day, to_char(test.today() + 11, 'YYYY-MM-DD') AS next_day \gset
CALL peer_mentor.run_nightly((:'last_day' || ' 09:59:59.999999+00')::timestamptz);
SELECT name, status FROM pg_temp.statuses();
CALL peer_mentor.run_nightly((:'last_day' || ' 10:00+00')::timestamptz);
SELECT name, status, CASE WHEN status = 'expired_cert' THEN effective END AS effective FROM pg_temp.statuses();
CALL peer_mentor.run_nightly((:'next_day' || ' 11:59:59+00')::timestamptz);
SELECT name, status, CASE WHEN status = 'expired_cert' THEN effective END AS effective FROM pg_temp.statuses();
CALL peer_mentor.run_nightly((:'next_day' || ' 12:00+00')::timestamptz);
SELECT name, status, CASE WHEN status = 'expired_cert' THEN effective END AS effective FROM pg_temp.statuses();
-- another zone is another midnight
UPDATE organisations SET time_zone = 'Etc/GMT+12' WHERE name = 'north';
CALL peer_mentor.run_nightly((:'next_day' || ' 11:59+00')::timestamptz);
SELECT name, status FROM pg_temp.statuses();

-- a team's trigger that raises for one mentor does not stop the others, and is tried again
SELECT pg_temp.roster(8) \gset
RESET SESSION AUTHORIZATION;
GRANT CREATE ON SCHEMA test TO regress_pm_owner;
SET SESSION AUTHORIZATION regress_pm_owner;
CREATE FUNCTION test.dislike() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF (SELECT external_key FROM public.peer_mentors WHERE id = NEW.mentor_id) = 'm3' THEN
		RAISE EXCEPTION 'not this one' USING ERRCODE = TG_ARGV[0];
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER dislike AFTER UPDATE ON peer_mentor_status FOR EACH ROW EXECUTE FUNCTION test.dislike('42P01');
CALL peer_mentor.run_nightly(batch_size => 3);
SELECT pg_temp.told();
SELECT m.external_key, s.status FROM peer_mentor_status s JOIN peer_mentors m ON m.id = s.mentor_id ORDER BY 1;
SELECT m.external_key, f.step, f.sqlstate, f.message, f.attempts, f.resolved_at IS NULL AS open FROM job_run_failures f JOIN peer_mentors m ON m.id = f.mentor_id;
SELECT open_failures, backlog_due FROM job_health;
CALL peer_mentor.run_nightly();
SELECT m.external_key, f.attempts, f.resolved_at IS NULL AS open, f.job_run_id = (SELECT id FROM job_runs ORDER BY started_at DESC LIMIT 1) AS of_last_run FROM job_run_failures f JOIN peer_mentors m ON m.id = f.mentor_id;
DROP TRIGGER dislike ON peer_mentor_status;
CALL peer_mentor.run_nightly();
SELECT pg_temp.told();
SELECT attempts, resolved_at IS NULL AS open FROM job_run_failures;
SELECT * FROM test.broken_promises(now());
-- also one that is deferred to the commit
SELECT pg_temp.roster(8) \gset
CREATE CONSTRAINT TRIGGER dislike AFTER INSERT ON peer_mentor_status_history DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION test.dislike('23514');
CALL peer_mentor.run_nightly(batch_size => 3);
SELECT pg_temp.told();
SELECT sqlstate, attempts FROM job_run_failures;
DROP TRIGGER dislike ON peer_mentor_status_history;
DROP FUNCTION test.dislike;
RESET SESSION AUTHORIZATION;
REVOKE CREATE ON SCHEMA test FROM regress_pm_owner;
SET SESSION AUTHORIZATION regress_pm_owner;

-- where it may be called: as a statement of its own, by the owner, or a superuser
\set SHOW_CONTEXT never
BEGIN;
CALL peer_mentor.run_nightly();
ROLLBACK;
SELECT test.outcome('CALL peer_mentor.run_nightly()');
CREATE PROCEDURE pg_temp.with_setting() LANGUAGE plpgsql SET search_path = pg_catalog AS 'BEGIN CALL peer_mentor.run_nightly(); END';
CALL pg_temp.with_setting();
DO $$ BEGIN CALL peer_mentor.run_nightly(); END $$;
SELECT pg_temp.told();
CREATE PROCEDURE pg_temp.plain() LANGUAGE plpgsql AS 'BEGIN CALL peer_mentor.run_nightly(); END';
CALL pg_temp.plain();
SELECT pg_temp.told();
SET default_transaction_isolation = 'serializable';
CALL peer_mentor.run_nightly();
SELECT pg_temp.told();
RESET default_transaction_isolation;
SET default_transaction_read_only = on;
CALL peer_mentor.run_nightly();
RESET default_transaction_read_only;
RESET SESSION AUTHORIZATION;
CALL peer_mentor.run_nightly();
SELECT status, count(*) FROM job_runs GROUP BY 1 ORDER BY 1;
SELECT count(*) AS left_running FROM job_runs WHERE status = 'running';
\set SHOW_CONTEXT errors
SELECT overdue, open_failures, missing_protection FROM job_health;
