-- Without the engine, back with it, and all of it gone.
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.reset() \gset
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n FROM unnest(ARRAY['anna', 'bert', 'cleo']) n;
SELECT test.call(format('record_certification(%L, ''course'', %L)', test.id('anna'), test.today())), test.call(format('pause_mentor(%L)', test.id('anna'))), test.call(format('suspend_certification(%L, ''course'')', test.id('anna')));
INSERT INTO mentor_chapters (mentor_id, chapter_id) VALUES (test.id('anna'), test.id('n1'));
CREATE VIEW pg_temp.rows AS
	SELECT 'status' AS of, to_jsonb(s) AS row FROM peer_mentor_status s UNION ALL SELECT 'history', to_jsonb(h) FROM peer_mentor_status_history h UNION ALL SELECT 'pause', to_jsonb(p) FROM pause_records p
	UNION ALL SELECT 'certification', to_jsonb(c) FROM peer_mentor_certifications c UNION ALL SELECT 'reminder', to_jsonb(r) FROM cert_expiry_reminders r UNION ALL SELECT 'event', to_jsonb(e) FROM outbox_events e
	UNION ALL SELECT 'mentor', to_jsonb(m) FROM peer_mentors m UNION ALL SELECT 'ledger', to_jsonb(g) FROM peer_mentor_private.migrations g;
CREATE TEMP TABLE rows_before AS TABLE pg_temp.rows;
CREATE TEMP TABLE objects_before AS SELECT * FROM test.objects WHERE identity !~ '^peer_mentor[.]' AND identity <> 'peer_mentor';

DROP EXTENSION peer_mentor;
SELECT (SELECT count(*) FROM (TABLE rows_before EXCEPT ALL TABLE pg_temp.rows) x) AS rows_lost, (SELECT count(*) FROM (TABLE objects_before EXCEPT ALL SELECT * FROM test.objects) x) AS objects_lost, to_regnamespace('peer_mentor') AS engine;
-- reading goes on; nothing writes a status, on any path
SELECT status, count(*) FROM peer_mentor_status GROUP BY 1 ORDER BY 1;
SELECT missing_protection, cron_launcher_running FROM job_health;
SELECT s AS statement, left(test.outcome(s), 5) AS outcome FROM unnest(ARRAY['SELECT pause_mentor(test.id(''bert''))', 'UPDATE peer_mentor_status SET status = ''paused'' WHERE status = ''active''', 'DELETE FROM peer_mentor_status', 'INSERT INTO peer_mentor_status DEFAULT VALUES', 'TRUNCATE pause_records',
	'UPDATE peer_mentor_status_history SET changed_by = NULL', 'DELETE FROM peer_mentors', 'INSERT INTO peer_mentors (organisation_id) VALUES (test.id(''north''))', 'INSERT INTO mentor_chapters (mentor_id, chapter_id) VALUES (test.id(''bert''), test.id(''n1''))']) s;
RESET SESSION AUTHORIZATION;
SELECT left(test.outcome('UPDATE peer_mentor_status SET status = ''paused'' WHERE status = ''active'''), 5) AS superuser;
SET SESSION AUTHORIZATION regress_pm_owner;

CREATE EXTENSION peer_mentor;
-- the storage is there already; the API roles get their rights from migrate()
SELECT * FROM peer_mentor.migrate();
SELECT (SELECT count(*) FROM (TABLE rows_before EXCEPT ALL TABLE pg_temp.rows) x) AS changed, (SELECT count(*) FROM (TABLE objects_before EXCEPT ALL SELECT * FROM test.objects) x) AS objects_lost;
SELECT test.call(format('reinstate_certification(%L, ''course'')', test.id('anna'))), test.call(format('pause_mentor(%L)', test.id('bert')));
RESET SESSION AUTHORIZATION;
SET ROLE service_role;
SELECT test.call(format('reactivate_mentor(%L)', test.id('bert')));
RESET ROLE;
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.outcome('DELETE FROM peer_mentor_status') AS delete, test.outcome('UPDATE peer_mentor_status SET status = ''paused'' WHERE status = ''active''') AS update;
CALL peer_mentor.run_nightly();
SELECT status FROM job_runs;
SELECT * FROM test.broken_promises(now());

-- storage is gone only when asked twice
DROP VIEW pg_temp.rows;
SELECT test.outcome('SELECT peer_mentor.migrate(target => 0)');
SELECT count(*) FROM peer_mentor_status;
SET client_min_messages = warning;
SELECT DISTINCT action FROM peer_mentor.migrate(target => 0, force => true);
DROP EXTENSION peer_mentor;
SELECT '+' AS change, type, identity FROM (TABLE test.objects EXCEPT ALL TABLE test.objects_before) a UNION ALL SELECT '-', type, identity FROM (TABLE test.objects_before EXCEPT ALL TABLE test.objects) b;
\set ECHO none
RESET SESSION AUTHORIZATION;
SET client_min_messages = warning;
SELECT format('ALTER DATABASE %I OWNER TO CURRENT_USER', current_database()) \gexec
CREATE TEMP TABLE made_roles AS TABLE test.made_roles;
DROP SCHEMA test CASCADE;
DROP SCHEMA auth CASCADE;
DO $$
DECLARE
	r text;
BEGIN
	FOR r IN SELECT name FROM made_roles LOOP
		EXECUTE format('DROP OWNED BY %I', r);
		BEGIN
			EXECUTE format('DROP ROLE %I', r);
		EXCEPTION WHEN dependent_objects_still_exist THEN
			NULL; -- another database uses it by now
		END;
	END LOOP;
END
$$;
