-- migrate(): again, back, forth, refused.
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.reset() \gset
-- everything that makes up storage, down to bodies, comments and rights
CREATE FUNCTION pg_temp.storage() RETURNS SETOF text LANGUAGE sql AS $$
	WITH ours AS (SELECT c.* FROM pg_class c WHERE c.relnamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace))
	SELECT concat_ws(' ', o.type, o.identity) FROM test.objects o
	UNION ALL SELECT concat_ws(' ', pg_get_functiondef(p.oid), p.proacl, obj_description(p.oid, 'pg_proc'), p.proowner) FROM pg_proc p WHERE p.pronamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace)
	UNION ALL SELECT concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled) FROM pg_trigger t JOIN ours c ON c.oid = t.tgrelid WHERE NOT tgisinternal
	UNION ALL SELECT concat_ws(' ', c.oid::regclass, c.relkind, c.relrowsecurity, c.relowner, c.reloptions, c.relacl, obj_description(c.oid, 'pg_class')) FROM ours c
	UNION ALL SELECT concat_ws(' ', c.oid::regclass, pg_get_viewdef(c.oid)) FROM ours c WHERE c.relkind = 'v'
	UNION ALL SELECT concat_ws(' ', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid)) FROM pg_constraint c JOIN ours o ON o.oid = c.conrelid
	UNION ALL SELECT concat_ws(' ', c.oid::regclass, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, col_description(c.oid, a.attnum)) FROM ours c JOIN pg_attribute a ON a.attrelid = c.oid WHERE a.attnum > 0 AND NOT a.attisdropped
	UNION ALL SELECT m::text FROM peer_mentor_private.migrations m
	UNION ALL SELECT concat_ws(' ', table_name, kind, name) FROM peer_mentor_private.made
$$;
CREATE TEMP TABLE before AS SELECT s AS line FROM pg_temp.storage() s;
CREATE FUNCTION pg_temp.differences() RETURNS SETOF text LANGUAGE sql AS $$
	(SELECT '-' || left(line, 60) FROM (TABLE before EXCEPT ALL SELECT s FROM pg_temp.storage() s) d (line))
	UNION ALL (SELECT '+' || left(line, 60) FROM (SELECT s FROM pg_temp.storage() s EXCEPT ALL TABLE before) d (line))
$$;
SELECT count(*) > 500 AS enough FROM before;
-- again: nothing
SELECT * FROM peer_mentor.migrate();
SELECT * FROM peer_mentor.migrate(target => (SELECT count(*)::int FROM peer_mentor_private.migrations));
SELECT * FROM pg_temp.differences();
-- what can be made again is put back, by a superuser too, who does not become its owner
SET client_min_messages = warning;
DROP FUNCTION peer_mentor_private.mirror_primary, peer_mentor_private.guard_row, public.pause_mentor CASCADE;
RESET client_min_messages;
DROP VIEW job_health;
DROP TRIGGER peer_mentor_trace ON peer_mentor_status;
ALTER TABLE job_runs DISABLE TRIGGER USER;
ALTER TABLE job_runs DISABLE ROW LEVEL SECURITY;
GRANT ALL ON ALL TABLES IN SCHEMA public TO anon, authenticated;
GRANT ALL ON ALL FUNCTIONS IN SCHEMA public, peer_mentor_private TO anon;
RESET SESSION AUTHORIZATION;
SELECT * FROM peer_mentor.migrate();
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT * FROM pg_temp.differences();
SELECT has_table_privilege('anon', 'peer_mentor_status', 'INSERT') AS anon_writes, has_function_privilege('anon', 'pause_mentor(uuid, date, bigint, text)', 'EXECUTE') AS anon_calls;

-- back, refused while rows would be lost, by name and only theirs
INSERT INTO peer_mentors (id, organisation_id) VALUES (test.id('anna'), test.id('north'));
SELECT test.call(format('pause_mentor(%L)', test.id('anna')));
\set SHOW_CONTEXT never
SELECT * FROM peer_mentor.migrate(0);
SELECT * FROM peer_mentor.migrate(target => 3);
SELECT * FROM peer_mentor.migrate(target => 1);
\set SHOW_CONTEXT errors
SELECT count(*) FROM pg_temp.differences();
-- a rollback of what has no rows, and forth again
BEGIN;
SELECT DISTINCT action FROM peer_mentor.migrate(target => 5);
SELECT test.call(format('reactivate_mentor(%L)', test.id('anna'))) AS wrapper;
SELECT test.outcome(format('SELECT peer_mentor.reactivate_mentor(%L)', test.id('anna'))) AS engine;
SELECT DISTINCT action FROM peer_mentor.migrate();
SELECT count(*) FROM pg_temp.differences() d WHERE d !~ 'remake_';
SELECT count(*) AS missing FROM (SELECT unnest(missing_protection) FROM job_health) m;
SELECT test.call(format('reactivate_mentor(%L)', test.id('anna')));
ROLLBACK;
-- all of it, and taken back
BEGIN;
SELECT DISTINCT action FROM peer_mentor.migrate(0, force => true);
SELECT to_regclass('peer_mentors') AS mentors, to_regclass('peer_mentor_status') AS status, to_regnamespace('peer_mentor_private') AS private;
SELECT test.outcome('SELECT peer_mentor.pause_mentor(test.id(''anna''))');
ROLLBACK;
SELECT * FROM pg_temp.differences();
SELECT status, version FROM peer_mentor_status;
SELECT * FROM test.broken_promises();

-- a ledger that is older, newer, or gone
SELECT max(version) AS newest FROM peer_mentor_private.migrations \gset
DELETE FROM peer_mentor_private.migrations WHERE version = :newest;
\c -
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.call(format('pause_mentor(%L)', test.id('anna')));
SELECT action FROM peer_mentor.migrate();
SELECT test.call(format('reactivate_mentor(%L)', test.id('anna')));
INSERT INTO peer_mentor_private.migrations (version, name) VALUES (99991231000000, 'from the future');
SELECT test.outcome('SELECT peer_mentor.migrate()') AS migrate, test.outcome('SELECT peer_mentor.migrate(0, true)') AS back;
\c -
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT s AS statement, test.outcome(s) FROM unnest(ARRAY['SELECT pause_mentor(test.id(''anna''))', 'SELECT reactivate_mentor(test.id(''anna''))', 'SELECT set_return_date(test.id(''anna''), test.today())', 'SELECT register_mentor(test.id(''x''), test.id(''north''), ''{}'')',
	'SELECT record_certification(test.id(''anna''), ''course'', test.today())', 'SELECT renew_certification(test.id(''anna''), ''course'')', 'SELECT suspend_certification(test.id(''anna''), ''course'')', 'SELECT reinstate_certification(test.id(''anna''), ''course'')',
	'SELECT peer_mentor.import_register(test.id(''north''))', 'SELECT peer_mentor.schedule_nightly()', 'UPDATE peer_mentor_status SET status = ''paused''', 'INSERT INTO peer_mentors (organisation_id) VALUES (test.id(''north''))']) s;
\set VERBOSITY terse
CALL peer_mentor.run_nightly();
\set VERBOSITY default
DELETE FROM peer_mentor_private.migrations WHERE version = 99991231000000;
SELECT test.call(format('pause_mentor(%L)', test.id('anna')));
SELECT * FROM test.broken_promises();

-- where pg_cron is not
SELECT left(test.outcome('SELECT peer_mentor.schedule_nightly()'), 5) AS schedule, left(test.outcome('SELECT peer_mentor.unschedule_nightly()'), 5) AS unschedule;
