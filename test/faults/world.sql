-- A world in which every step of the nightly run has work, for many batches.  Run by the owner of the storage in a
-- database where nothing is yet; dates are relative to :day, so that everything decided by the clock is decided the same.
--   psql -d DB -v day=2026-11-21 -v each=30 -f world.sql
-- The run to look at is the one as of :day + 40; the one at the end of this file, as of :day + 60, comes before it.
\set QUIET on
\o /dev/null
SET client_min_messages = warning;

CREATE SCHEMA faults;
CREATE FUNCTION faults.id(name text) RETURNS uuid LANGUAGE sql IMMUTABLE AS 'SELECT pg_catalog.md5(name)::uuid';
CREATE FUNCTION faults.call(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'SELECT FROM public.' || call;
	RETURN NULL;
END
$$;

INSERT INTO organisations (id, name, time_zone, reminder_days, auto_reactivate, portal_sync) VALUES
	(faults.id('north'), 'north', 'Europe/Oslo', '{60,30,7}', false, 'on'),
	(faults.id('south'), 'south', 'Europe/Oslo', '{60,30,-5}', true, 'queue'),
	(faults.id('west'), 'west', 'America/Chicago', '{60,30,7}', false, 'off');
INSERT INTO chapters (id, organisation_id, name)
SELECT faults.id('chapter of ' || name), id, 'the one' FROM organisations;
INSERT INTO certification_types (organisation_id, code, required)
SELECT o.id, t.code, t.required FROM organisations o, (VALUES ('course', true), ('extra', true), ('loose', false)) t (code, required);

-- groups are named after the step that has work with them
CREATE VIEW faults.members AS
SELECT g.step || ' ' || n AS name, g.step, n, faults.id(g.organisation) AS organisation_id, faults.id('chapter of ' || g.organisation) AS chapter_id
  FROM (VALUES ('restore', 'north'), ('ladders', 'west'), ('expire', 'north'), ('move', 'north'), ('rules', 'north'), ('pauses', 'south'),
               ('reminders', 'south'), ('returns', 'north')) g (step, organisation), generate_series(1, :each) n;
SELECT register_mentor(faults.id(m.name), m.organisation_id, ARRAY[m.chapter_id], m.name) FROM faults.members m;

-- before the run as of day 60: certifications that are expired then and valid on day 40, some of paused mentors, and
-- reminders that have been looked at once
SELECT faults.call(format('record_certification(%L, %L, %L, %L)', faults.id(m.name), 'course', :'day'::date - 300, :'day'::date + 45 + m.n % 10))
  FROM faults.members m WHERE m.step = 'restore';
SELECT faults.call(format('record_certification(%L, %L, %L, %L)', faults.id(m.name), 'course', :'day'::date - 300, :'day'::date + 200))
  FROM faults.members m WHERE m.step = 'ladders';
SELECT faults.call(format('pause_mentor(%L, %L)', faults.id(m.name), :'day'::date + CASE WHEN m.n % 6 = 0 THEN 30 ELSE 90 END))
  FROM faults.members m WHERE m.step = 'restore' AND m.n % 3 = 0;
CALL peer_mentor.run_nightly(as_of => (:'day'::date + 60 + time '02:15') AT TIME ZONE 'Europe/Oslo');

-- since then
SELECT faults.call(format('record_certification(%L, %L, %L, %L)', faults.id(m.name), t, :'day'::date - 300, :'day'::date + 20 + m.n % 15))
  FROM faults.members m, unnest(CASE WHEN m.n % 5 = 0 THEN '{course,extra}' ELSE '{course}' END::text[]) t WHERE m.step = 'expire';
SELECT faults.call(format('pause_mentor(%L, %L)', faults.id(m.name), :'day'::date + 10 + m.n % 50)) FROM faults.members m WHERE m.step = 'expire' AND m.n % 3 = 0;
SELECT faults.call(format('record_certification(%L, %L, %L, %L)', faults.id(m.name), t, :'day'::date - 300, :'day'::date - 20))
  FROM faults.members m, unnest(ARRAY['course', 'extra']) t WHERE m.step = 'move';
-- the one is renewed by an import while the other blocks, which then is no longer required
INSERT INTO register_import (mentor_key, chapter, certification_type, issued_on, expires_on)
SELECT faults.id(m.name)::text, 'the one', 'course', to_char(:'day'::date - 5, 'YYYY-MM-DD'), to_char(:'day'::date + 300, 'YYYY-MM-DD')
  FROM faults.members m WHERE m.step = 'move';
SELECT peer_mentor.import_register(faults.id('north'));
SELECT faults.call(format('record_certification(%L, %L, %L, %L)', faults.id(m.name), CASE WHEN m.n % 2 = 0 THEN 'extra' ELSE 'loose' END, :'day'::date - 300, :'day'::date - 10))
  FROM faults.members m WHERE m.step = 'rules';
SELECT faults.call(format('record_certification(%L, %L, %L, %L)', faults.id(m.name), 'course', :'day'::date - 300, :'day'::date + 41 + m.n * 2))
  FROM faults.members m WHERE m.step = 'reminders';
SELECT faults.call(format('pause_mentor(%L, %L, NULL, %L)', faults.id(m.name), :'day'::date + 5 + m.n % 30, 'pause ' || m.name))
  FROM faults.members m WHERE m.step IN ('pauses', 'returns');
UPDATE certification_types SET required = NOT required WHERE organisation_id = faults.id('north') AND code IN ('extra', 'loose');
UPDATE organisations SET reminder_days = '{161,60,30,7}' WHERE name = 'west';
-- passed by in every step
UPDATE peer_mentors SET deleted_at = now() WHERE display_name LIKE '% 1';

-- Work of the reconciliation, which takes its mentors in one go and says nothing until it is done: findings that are no
-- longer true, and a mark of where it is.
CREATE FUNCTION faults.mark() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_catalog.pg_advisory_xact_lock_shared(2), pg_catalog.pg_sleep(0.002);
	RETURN NEW;
END
$$;
CREATE TRIGGER mark AFTER UPDATE ON status_discrepancies FOR EACH ROW EXECUTE FUNCTION faults.mark();
CREATE FUNCTION faults.reconciles() RETURNS boolean LANGUAGE sql AS
	'SELECT EXISTS (SELECT FROM pg_locks l WHERE l.locktype = ''advisory'' AND l.objid = 2 AND l.granted)';

-- The moment of a run to strike at: when this share of the work of a step is committed, and a little later.  The process
-- of its worker, or nothing where the run was over before.  nth counts the runs of the database.
CREATE FUNCTION faults.reach(nth integer, step text, share float8, later float8 DEFAULT 0) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	r      record;
	until_ timestamptz := clock_timestamp() + interval '60 s';
BEGIN
	PERFORM pg_advisory_xact_lock(1);
	WHILE clock_timestamp() < until_ LOOP
		SELECT j.worker_pid, j.status, j.step, coalesce((c.here ->> 'done')::float8, (c.here ->> 'idempotent_requests')::float8) AS done,
		       coalesce((c.here ->> 'total')::float8, (c.here ->> 'idempotent_requests')::float8 + (SELECT count(*) FROM public.idempotent_requests)) AS total
		  INTO r
		  FROM public.job_runs j, LATERAL (SELECT j.counts -> j.step AS here) c
		 WHERE j.status <> 'skipped' AND j.worker_pid <> 1 ORDER BY j.started_at OFFSET nth - 1 LIMIT 1;
		IF r.status = 'running' AND (r.step = reach.step AND r.done >= share * r.total OR reach.step = 'reconcile' AND faults.reconciles()) THEN
			PERFORM pg_sleep(later);
			RETURN r.worker_pid;
		END IF;
		EXIT WHEN r.status <> 'running';
	END LOOP;
	RETURN NULL;
END
$$;

-- Until somebody is in reach(): a run that began before would be through its first steps by then.
CREATE FUNCTION faults.await_watcher() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	WHILE NOT EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objid = 1 AND l.granted) LOOP
		PERFORM pg_sleep(0.001);
	END LOOP;
END
$$;
\o
