-- Engine-written tables refuse everybody else: owner, superuser, triggers at any depth; foreign keys and replication get through.
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.reset() \gset
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n FROM unnest(ARRAY['anna', 'bert', 'cleo', 'dora']) n;
SELECT test.id('anna') AS anna, test.id('bert') AS bert, test.id('cleo') AS cleo, test.id('dora') AS dora, test.today() AS today \gset
SELECT test.call(format('record_certification(%L, ''course'', %L)', :'anna', :'today'));
-- a row in each, or row triggers have nothing to refuse; replication writes as it likes
RESET SESSION AUTHORIZATION;
SET session_replication_role = replica;
INSERT INTO pause_records (mentor_id, status, pause_reason, paused_at, reactivated_at, ended_by) VALUES (:'dora', 'active', 'self_pause', now(), now(), 'reactivated');
INSERT INTO certification_renewal_events (certification_id, schema_version, event, at, issued_at, expires_at, actor_kind) SELECT id, 1, 'issued', now(), now(), now(), 'system' FROM peer_mentor_certifications;
INSERT INTO outbox_events (channel, event_type, organisation_id, mentor_id, dedupe_key, payload) VALUES ('notification', 'mentor_shown', test.id('north'), :'anna', 'k', '{"schema_version": 1}');
INSERT INTO outbox_deliveries (event_id, recipient, role) SELECT id, test.id('kari'), 'mentor' FROM outbox_events;
INSERT INTO undeliverable_notifications (event_id, mentor_id, reason) SELECT id, mentor_id, 'nobody' FROM outbox_events;
INSERT INTO job_runs (id, job_name, as_of, status, worker_pid, worker_started, finished_at) VALUES (test.id('run'), 'nightly', now(), 'failed', 1, now(), now());
INSERT INTO job_run_failures (job_run_id, step, mentor_id, sqlstate, message) VALUES (test.id('run'), 'expire', :'anna', '00000', '');
INSERT INTO status_discrepancies (kind, mentor_id, found, expected) VALUES ('x', :'anna', '{}', '{}');
INSERT INTO report_snapshots (organisation_id, from_day, to_day, actor_kind, report, checksum) VALUES (test.id('north'), now(), now(), 'operator', '{}', '');
INSERT INTO idempotent_requests (caller, key, function, arguments_hash, result) VALUES ('x', 'k', 'f', 'h', '{}');
RESET session_replication_role;
CREATE FUNCTION pg_temp.writes(OUT "table" text, OUT insert text, OUT update text, OUT delete text, OUT truncate text, OUT copy text) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	first text;
BEGIN
	FOR "table", first IN
		SELECT e.name, a.attname FROM peer_mentor_private.engine_tables() e (name) JOIN pg_attribute a ON a.attrelid = format('public.%I', e.name)::regclass AND a.attnum = 2
		 ORDER BY e.name COLLATE "C"
	LOOP
		insert := test.outcome(format('INSERT INTO public.%I DEFAULT VALUES', "table"));
		update := test.outcome(format('UPDATE public.%I SET %I = NULL', "table", first));
		delete := test.outcome(format('DELETE FROM public.%I', "table"));
		truncate := test.outcome(format('TRUNCATE public.%I CASCADE', "table"));
		copy := test.outcome(format('COPY public.%I (%I) FROM PROGRAM %L', "table", first, $p$printf '\\N\n'$p$));
		RETURN NEXT;
	END LOOP;
END
$$;
-- superuser
SET client_min_messages = warning;
SELECT * FROM pg_temp.writes();
-- owner, who may not run programs on the server
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT "table", insert, update, delete, truncate FROM pg_temp.writes();
\set SHOW_CONTEXT never
COPY peer_mentor_status (mentor_id) FROM stdin;
\N
\.
INSERT INTO peer_mentor_status_history DEFAULT VALUES;
\set SHOW_CONTEXT errors
-- other ways to write
SELECT test.outcome(format('INSERT INTO peer_mentor_status (mentor_id) VALUES (%L) ON CONFLICT (mentor_id) DO UPDATE SET status = ''paused''', :'anna')) AS upsert,
       test.outcome(format('MERGE INTO peer_mentor_status s USING (VALUES (%L::uuid)) v (id) ON s.mentor_id = v.id WHEN NOT MATCHED THEN INSERT (mentor_id) VALUES (v.id)', test.id('x'))) AS merge,
       test.outcome('TRUNCATE peer_mentors CASCADE') AS truncate_mentors, test.outcome('TRUNCATE organisations CASCADE') AS truncate_organisations,
       test.outcome('WITH d AS (DELETE FROM peer_mentor_status_history RETURNING 1) SELECT count(*) FROM d') AS cte;
RESET client_min_messages;
-- what a direct UPDATE may not touch, alone or beside what it may
SELECT c AS sets, test.outcome(format('UPDATE peer_mentor_status SET %s WHERE mentor_id = %L', c, :'anna'))
  FROM unnest(ARRAY['version = 5', 'status = ''paused'', version = 5', 'mentor_id = test.id(''x'')', 'status = ''paused'', chapter_id = test.id(''n1'')', 'pause_reason = ''self_pause''',
	'status = ''paused'', activated_by = test.id(''kari'')', 'created_at = now()', 'id = gen_random_uuid()', 'updated_at = ''2000-01-01''', 'status = status']) c;
-- a legal one by another role that was granted it, even a member of none: only the owner's word counts
RESET SESSION AUTHORIZATION;
GRANT SELECT, UPDATE, INSERT, DELETE, TRUNCATE ON peer_mentor_status, peer_mentor_status_history TO regress_pm_other, authenticated;
CREATE POLICY test ON peer_mentor_status TO regress_pm_other, authenticated USING (true);
SET SESSION AUTHORIZATION regress_pm_other;
SELECT left(test.outcome('UPDATE peer_mentor_status SET status = ''paused'''), 5) AS update, left(test.outcome('DELETE FROM peer_mentor_status'), 5) AS delete, left(test.outcome('TRUNCATE peer_mentor_status'), 5) AS truncate,
       left(test.outcome('INSERT INTO peer_mentor_status (mentor_id) VALUES (NULL)'), 5) AS insert;
RESET SESSION AUTHORIZATION;
SET ROLE authenticated;
SELECT test.outcome('UPDATE peer_mentor_status SET status = ''paused''') AS update, test.outcome('INSERT INTO peer_mentor_status (mentor_id) VALUES (NULL)') AS insert;
RESET ROLE;
SELECT cardinality(missing_protection) AS missing FROM job_health;
DROP POLICY test ON peer_mentor_status;
SET SESSION AUTHORIZATION regress_pm_owner;
REVOKE ALL ON peer_mentor_status, peer_mentor_status_history FROM regress_pm_other;
SELECT count(*) FROM peer_mentor.migrate();
SELECT missing_protection FROM job_health;

-- the trace of a direct UPDATE is that of the function, but for reason and kind
SELECT test.call(format('pause_mentor(%L, %L)', :'anna', :'today'::date + 9));
UPDATE peer_mentor_status SET status = 'paused', expected_return_date = :'today'::date + 9 WHERE mentor_id = :'bert';
SELECT replace(a.line, 'coordinator_manual_pause', 'direct_update') = b.line AS same
  FROM test.trace('anna') WITH ORDINALITY a (line, i) JOIN test.trace('bert') WITH ORDINALITY b (line, i) USING (i);
SELECT test.call(format('reactivate_mentor(%L)', :'anna'));
UPDATE peer_mentor_status SET status = 'active' WHERE mentor_id = :'bert';
SELECT replace(replace(a.line, 'coordinator_manual_pause', 'direct_update'), 'coordinator_reactivation', 'direct_update') = b.line AS same
  FROM test.trace('anna') WITH ORDINALITY a (line, i) JOIN test.trace('bert') WITH ORDINALITY b (line, i) USING (i);
SELECT m.display_name, e.channel, e.event_type, e.payload - 'mentor_id' - 'organisation_id' - 'effective_on' AS payload FROM outbox_events e JOIN peer_mentors m ON m.id = e.mentor_id WHERE event_type = 'status_changed' ORDER BY 1, e.id;
UPDATE peer_mentor_status SET status = 'paused' WHERE mentor_id IN (:'anna', :'bert', :'cleo');
SELECT m.display_name, s.status, s.version, s.pause_reason FROM peer_mentor_status s JOIN peer_mentors m ON m.id = s.mentor_id ORDER BY 1;
UPDATE peer_mentor_status SET status = 'active' WHERE mentor_id IN (:'anna', :'bert', :'cleo');
SELECT * FROM test.broken_promises();

-- triggers of the team. One that acts on the same mentor again, after the engine wrote; after a direct UPDATE it comes before our
-- trace, by its name, and is refused
RESET SESSION AUTHORIZATION;
GRANT CREATE ON SCHEMA test TO regress_pm_owner;
SET SESSION AUTHORIZATION regress_pm_owner;
CREATE FUNCTION test.again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.status = 'paused' THEN
		IF TG_ARGV[0] = 'call' THEN
			PERFORM public.reactivate_mentor(NEW.mentor_id);
		ELSE
			UPDATE public.peer_mentor_status SET status = 'active' WHERE mentor_id = NEW.mentor_id;
		END IF;
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER again AFTER UPDATE ON peer_mentor_status FOR EACH ROW EXECUTE FUNCTION test.again('call');
SELECT test.call(format('pause_mentor(%L)', :'cleo'));
SELECT test.outcome(format('UPDATE peer_mentor_status SET status = ''paused'' WHERE mentor_id = %L', :'cleo'));
SELECT line FROM test.trace('cleo') t (line) WHERE line LIKE 'status%' OR line ~ 'v[4-9]';
SELECT * FROM test.broken_promises();
DROP TRIGGER again ON peer_mentor_status;
CREATE TRIGGER again AFTER UPDATE ON peer_mentor_status FOR EACH ROW EXECUTE FUNCTION test.again('update');
SELECT test.call(format('pause_mentor(%L)', :'cleo'));
SELECT test.outcome(format('UPDATE peer_mentor_status SET status = ''paused'' WHERE mentor_id = %L', :'cleo'));
SELECT line FROM test.trace('cleo') t (line) WHERE line LIKE 'status%' OR line ~ 'v([8-9]|1\d)';
SELECT * FROM test.broken_promises();
DROP TRIGGER again ON peer_mentor_status;
-- one that sorts after ours finds the trace of the direct UPDATE written
CREATE TRIGGER again AFTER UPDATE ON peer_mentor_status FOR EACH ROW EXECUTE FUNCTION test.again('call');
ALTER TRIGGER again ON peer_mentor_status RENAME TO zzz;
SELECT test.outcome(format('UPDATE peer_mentor_status SET status = ''paused'' WHERE mentor_id = %L', :'cleo'));
SELECT * FROM test.broken_promises();
DROP TRIGGER zzz ON peer_mentor_status;
DROP FUNCTION test.again;

-- one that changes or suppresses what is being written
CREATE FUNCTION test.change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	CASE TG_ARGV[0]
		WHEN 'status' THEN NEW.status := 'expired_cert';
		WHEN 'version' THEN NEW.version := NEW.version + 1;
		WHEN 'suppress' THEN RETURN NULL;
		WHEN 'raise' THEN RAISE EXCEPTION 'not today';
	END CASE;
	RETURN NEW;
END
$$;
CREATE FUNCTION pg_temp.with_trigger(timing text, argument text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	told text;
BEGIN
	EXECUTE format('CREATE TRIGGER zzz %s FOR EACH ROW EXECUTE FUNCTION test.change(%L)', timing, argument);
	told := test.outcome(statement);
	IF EXISTS (SELECT FROM test.broken_promises()) THEN
		told := told || ', promises broken';
	END IF;
	EXECUTE format('DROP TRIGGER zzz ON %s', split_part(timing, ' ON ', 2));
	RETURN told;
END
$$;
SELECT a AS does, pg_temp.with_trigger('BEFORE UPDATE ON peer_mentor_status', a, format('SELECT pause_mentor(%L)', :'dora')) AS call,
       pg_temp.with_trigger('BEFORE UPDATE ON peer_mentor_status', a, format('UPDATE peer_mentor_status SET status = ''paused'' WHERE mentor_id = %L AND status = ''active''', :'anna')) AS direct
  FROM unnest(ARRAY['status', 'version', 'raise']) a;
SELECT pg_temp.with_trigger('BEFORE UPDATE ON peer_mentor_status', 'suppress', format('SELECT pause_mentor(%L)', :'dora')) AS status,
       pg_temp.with_trigger('BEFORE INSERT ON peer_mentor_status_history', 'suppress', format('SELECT pause_mentor(%L)', :'dora')) <> 'ok' AS history_refused,
       pg_temp.with_trigger('AFTER INSERT ON peer_mentor_status_history', 'raise', format('SELECT pause_mentor(%L)', :'dora')) AS after_history,
       pg_temp.with_trigger('AFTER INSERT ON pause_records', 'raise', format('SELECT pause_mentor(%L)', :'dora')) AS after_pause,
       pg_temp.with_trigger('AFTER INSERT ON outbox_events', 'raise', format('SELECT pause_mentor(%L)', :'dora')) AS after_event;
SELECT * FROM test.trace('dora');

-- one that registers somebody else, or nobody
CREATE FUNCTION test.change_id() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.id := gen_random_uuid(); RETURN NEW; END';
CREATE TRIGGER zzz BEFORE INSERT ON peer_mentors FOR EACH ROW EXECUTE FUNCTION test.change_id();
SELECT test.call(format('register_mentor(%L, %L, %L)', test.id('emil'), test.id('north'), '{}'));
DROP TRIGGER zzz ON peer_mentors;
DROP FUNCTION test.change_id;
SELECT pg_temp.with_trigger('BEFORE INSERT ON peer_mentor_status', 'suppress', format('SELECT register_mentor(%L, %L, %L)', test.id('emil'), test.id('north'), '{}')) AS suppressed,
       pg_temp.with_trigger('AFTER INSERT ON peer_mentor_status', 'raise', format('INSERT INTO peer_mentors (id, organisation_id) VALUES (%L, %L)', test.id('emil'), test.id('north'))) AS raised;
SELECT count(*) FROM peer_mentors;

-- a trigger at any depth is not a foreign key: the mentor, or the login, must really be gone
CREATE TABLE test.forge (statement text);
CREATE FUNCTION test.forge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE NEW.statement;
	RETURN NULL;
END
$$;
CREATE TRIGGER forge AFTER INSERT ON test.forge FOR EACH ROW EXECUTE FUNCTION test.forge();
SELECT s AS forged, test.outcome(format('INSERT INTO test.forge VALUES (%L)', s))
  FROM unnest(ARRAY['DELETE FROM peer_mentor_status', 'DELETE FROM peer_mentor_status_history', 'UPDATE peer_mentor_status_history SET changed_by = NULL', 'DELETE FROM outbox_events', 'INSERT INTO pause_records DEFAULT VALUES',
	'DELETE FROM certification_renewal_events', 'TRUNCATE pause_records', 'INSERT INTO test.forge VALUES (''DELETE FROM peer_mentor_status'')']) s;
-- nor is one that the engine's own writing fires
CREATE FUNCTION test.ride() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE 'rides along: %', test.outcome(TG_ARGV[0]);
	RETURN NULL;
END
$$;
CREATE TRIGGER ride AFTER UPDATE ON peer_mentor_status FOR EACH ROW EXECUTE FUNCTION test.ride('DELETE FROM public.peer_mentor_status_history');
CREATE TRIGGER ride AFTER INSERT ON pause_records FOR EACH ROW EXECUTE FUNCTION test.ride('INSERT INTO public.peer_mentor_status_history DEFAULT VALUES');
CREATE TRIGGER ride AFTER INSERT ON outbox_events FOR EACH STATEMENT EXECUTE FUNCTION test.ride('TRUNCATE public.job_runs CASCADE');
SELECT test.call(format('pause_mentor(%L)', :'dora'));
SET client_min_messages = warning;
DROP FUNCTION test.ride CASCADE;
RESET client_min_messages;
-- a legal UPDATE from within a trigger is one
INSERT INTO test.forge VALUES (format('UPDATE peer_mentor_status SET status = ''active'' WHERE mentor_id = %L', :'dora'));
SELECT * FROM test.trace('dora');
-- while one mentor is being deleted, only what is theirs may go
CREATE FUNCTION test.purge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE 'all: %', test.outcome('DELETE FROM peer_mentor_status_history');
	RAISE NOTICE 'own: %', test.outcome(format('DELETE FROM peer_mentor_status_history WHERE mentor_id = %L', OLD.id));
	RETURN OLD;
END
$$;
CREATE TRIGGER purge BEFORE DELETE ON peer_mentors FOR EACH ROW EXECUTE FUNCTION test.purge();
DELETE FROM peer_mentors WHERE id = :'cleo';
DROP TRIGGER purge ON peer_mentors;
CREATE TRIGGER zz_purge AFTER DELETE ON peer_mentors FOR EACH ROW EXECUTE FUNCTION test.purge();
DELETE FROM peer_mentors WHERE id = :'bert';
SELECT count(*) AS mentors, (SELECT count(DISTINCT mentor_id) FROM peer_mentor_status_history) AS with_history FROM peer_mentors;
DROP TRIGGER zz_purge ON peer_mentors;
DROP FUNCTION test.purge;

-- an error or a rolled back savepoint leaves no door open
CREATE TRIGGER zzz AFTER UPDATE ON peer_mentor_status FOR EACH ROW EXECUTE FUNCTION test.change('raise');
SELECT test.call(format('pause_mentor(%L)', :'dora')), test.outcome('INSERT INTO peer_mentor_status DEFAULT VALUES');
INSERT INTO test.forge VALUES (format('SELECT test.call(%L)', format('pause_mentor(%L)', :'dora')));
BEGIN;
SAVEPOINT a;
\set VERBOSITY terse
SELECT pause_mentor(:'dora');
ROLLBACK TO a;
SELECT test.outcome('DELETE FROM peer_mentor_status') AS direct, test.outcome('INSERT INTO test.forge VALUES (''DELETE FROM peer_mentor_status'')') AS in_trigger;
COMMIT;
\set VERBOSITY default
DROP TRIGGER zzz ON peer_mentor_status;
BEGIN;
SAVEPOINT a;
SELECT test.call(format('pause_mentor(%L)', :'dora'));
ROLLBACK TO a;
SELECT test.call(format('pause_mentor(%L)', :'dora'));
SAVEPOINT b;
UPDATE peer_mentor_status SET status = 'active' WHERE mentor_id = :'dora';
ROLLBACK TO b;
SELECT test.call(format('reactivate_mentor(%L)', :'dora'));
COMMIT;
SELECT line FROM test.trace('dora') t (line) WHERE line ~ '^(status|history)';
SELECT * FROM test.broken_promises();
-- the engine's questions answered outside a trigger
SELECT peer_mentor.engine_writes(), test.outcome('SELECT peer_mentor.refuse_write(NULL, NULL)') AS refuse, test.outcome('SELECT peer_mentor.is_gone(NULL, NULL)') AS no_parent, test.outcome('SELECT peer_mentor.is_gone(''pg_authid'', ''1'')') AS other_parent,
       peer_mentor.is_gone('peer_mentors', NULL) AS no_key, peer_mentor.is_gone('peer_mentors', :'dora') AS there, peer_mentor.is_gone('peer_mentors', :'bert') AS gone, test.outcome('SELECT peer_mentor.is_gone(''peer_mentors'', ''x'')') AS malformed;
SELECT test.outcome(format('SELECT peer_mentor.trace_direct_update(%L, ''active'', ''paused'', 1, 2, NULL)', :'dora')) AS trace, test.outcome(format('SELECT peer_mentor.check_direct_update(%L, ''active'', ''retired'', NULL, NULL)', :'dora')) AS unknown,
       test.outcome('SELECT peer_mentor.check_direct_update(NULL, NULL, NULL, NULL, NULL)') AS nulls, test.outcome('SELECT peer_mentor.trace_direct_update(NULL, NULL, NULL, NULL, NULL, NULL)') AS nulls;
SELECT * FROM test.broken_promises();
-- a trigger that suppresses the pause record does not leave a status without one
CREATE FUNCTION test.suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER zzz BEFORE INSERT OR UPDATE ON pause_records FOR EACH ROW EXECUTE FUNCTION test.suppress();
SELECT test.call(format('pause_mentor(%L)', s.mentor_id)) AS refused FROM peer_mentor_status s WHERE s.status = 'active' ORDER BY s.mentor_id LIMIT 1;
DROP TRIGGER zzz ON pause_records;
DROP FUNCTION test.suppress;
SELECT * FROM test.broken_promises();
-- guards that somebody took away are missed, and come back
BEGIN;
ALTER TABLE peer_mentor_status DISABLE TRIGGER peer_mentor_guard_status, DISABLE TRIGGER peer_mentor_trace;
ALTER TABLE peer_mentors DISABLE TRIGGER peer_mentor_register;
DROP TRIGGER peer_mentor_guard_row ON pause_records;
ALTER TABLE job_runs DISABLE ROW LEVEL SECURITY;
GRANT DELETE ON outbox_events TO service_role;
GRANT SELECT, TRUNCATE ON peer_mentor_status_log, register_import TO anon;
REVOKE SELECT ON pause_records FROM authenticated;
REVOKE EXECUTE ON FUNCTION pause_mentor, claim_events FROM authenticated, service_role;
GRANT EXECUTE ON FUNCTION claim_events TO PUBLIC;
ALTER TABLE register_import DISABLE ROW LEVEL SECURITY;
DROP POLICY peer_mentor_select ON peer_mentor_status;
CREATE POLICY everything ON peer_mentor_status USING (true);
SELECT m.missing FROM job_health, unnest(missing_protection) m (missing) ORDER BY m.missing COLLATE "C";
SELECT count(*) AS applied FROM peer_mentor.migrate();
DROP POLICY everything ON peer_mentor_status;
SELECT missing_protection, has_table_privilege('anon', 'peer_mentor_status_log', 'SELECT') AS log_open, has_table_privilege('anon', 'register_import', 'TRUNCATE') AS import_open FROM job_health;
ROLLBACK;
DROP TABLE test.forge;
DROP FUNCTION test.forge, test.change;
RESET SESSION AUTHORIZATION;
REVOKE CREATE ON SCHEMA test FROM regress_pm_owner;
