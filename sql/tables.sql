-- Tables as they are promised: columns, constraints, keys, indexes, comments, and what deleting does.
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.reset() \gset
SELECT c.relname AS "table", a.attname AS "column", format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS "not null",
       CASE WHEN a.attidentity <> '' THEN 'identity' ELSE pg_get_expr(d.adbin, d.adrelid) END AS "default"
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
 ORDER BY c.relname COLLATE "C", a.attnum;
SELECT c.relname AS view, string_agg(a.attname, ' ' ORDER BY a.attnum) AS columns, c.reloptions
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v' GROUP BY c.oid, c.relname, c.reloptions ORDER BY c.relname COLLATE "C";
SELECT enum_range(NULL::mentor_status);

-- everything is described, everything is under row security, every foreign key has an index, every engine-written table its guards
SELECT c.relname FROM pg_class c
 WHERE c.relnamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace) AND c.relkind IN ('r', 'v')
   AND obj_description(c.oid, 'pg_class') IS NULL;
SELECT p.oid::regprocedure FROM pg_proc p
 WHERE p.pronamespace IN ('public'::regnamespace, 'peer_mentor'::regnamespace, 'peer_mentor_private'::regnamespace)
   AND obj_description(p.oid, 'pg_proc') IS NULL;
SELECT n.nspname FROM pg_namespace n WHERE n.nspname LIKE 'peer_mentor%' AND obj_description(n.oid, 'pg_namespace') IS NULL;
SELECT c.oid::regclass FROM pg_class c
 WHERE c.relnamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace) AND c.relkind = 'r' AND NOT c.relrowsecurity;
SELECT f.conrelid::regclass AS "table", f.conname
  FROM pg_constraint f
 WHERE f.contype = 'f' AND f.connamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace)
   AND NOT EXISTS (SELECT FROM pg_index i
                    WHERE i.indrelid = f.conrelid AND i.indisvalid
                      AND (i.indkey::int2[])[0:cardinality(f.conkey) - 1] @> f.conkey
                      -- a column that is always there, or an index of all that refer to something
                      AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = format('(%s IS NOT NULL)',
                           (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = f.conrelid AND a.attnum = f.conkey[1]))));
SELECT col_description('peer_mentor_status_history'::regclass, attnum) ~ 'NULL with actor_kind system = automated' AS told
  FROM pg_attribute WHERE attrelid = 'peer_mentor_status_history'::regclass AND attname = 'changed_by';
SELECT conrelid::regclass AS "table", confrelid::regclass AS refers_to, pg_get_constraintdef(oid) AS key
  FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace
 ORDER BY conrelid::regclass::text COLLATE "C", conname COLLATE "C";

-- constraints, tried past the guards: as in a restore
RESET SESSION AUTHORIZATION;
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n FROM unnest(ARRAY['anna', 'bert']) n;
SELECT test.call(format('record_certification(%L, ''course'', %L)', test.id('anna'), test.today()));
SELECT test.call(format('pause_mentor(%L)', test.id('anna')));
SELECT test.call(format('pause_mentor(%L)', test.id('bert')));
CREATE TABLE test.tries (id int GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO test.tries (statement) VALUES
	($$INSERT INTO peer_mentor_status (mentor_id) VALUES (test.id('anna'))$$),
	($$INSERT INTO peer_mentor_status (mentor_id) VALUES (NULL)$$),
	($$INSERT INTO peer_mentor_status (mentor_id, status) VALUES (test.id('anna'), 'retired')$$),
	($$INSERT INTO peer_mentor_status (mentor_id, pause_reason) VALUES (test.id('anna'), 'broke a leg')$$),
	($$INSERT INTO peer_mentor_status_history (mentor_id, new_status, actor_kind, changed_at, effective_on, reason, version) VALUES (test.id('anna'), 'active', 'system', now(), now(), 'registered', 1)$$),
	($$INSERT INTO peer_mentor_status_history (mentor_id, new_status, actor_kind, changed_at, effective_on, reason, version) VALUES (test.id('anna'), 'active', 'cat', now(), now(), 'registered', 9)$$),
	($$INSERT INTO peer_mentor_status_history (mentor_id, new_status, actor_kind, changed_at, effective_on, reason, version) VALUES (test.id('anna'), 'active', 'system', now(), now(), 'felt like it', 9)$$),
	($$INSERT INTO peer_mentor_status_history (mentor_id, new_status, actor_kind, changed_at, effective_on, reason, version) VALUES (test.id('anna'), 'active', 'system', now(), now(), NULL, 9)$$),
	($$INSERT INTO peer_mentor_status_history (mentor_id, new_status, actor_kind, changed_at, effective_on, reason, version) VALUES (test.id('anna'), 'active', 'system', now(), now(), 'registered', 0)$$),
	($$INSERT INTO pause_records (mentor_id, status, pause_reason, paused_at) VALUES (test.id('anna'), 'paused', 'self_pause', now())$$),
	($$INSERT INTO pause_records (mentor_id, status, pause_reason, paused_at) VALUES (test.id('anna'), 'expired_cert', 'certification_expired', now())$$),
	($$INSERT INTO pause_records (mentor_id, status, pause_reason, paused_at) VALUES (test.id('anna'), 'active', 'self_pause', now())$$),
	($$INSERT INTO pause_records (mentor_id, status, pause_reason, paused_at, reactivated_at, ended_by) VALUES (test.id('anna'), 'active', 'self_pause', now(), now(), 'boredom')$$),
	($$INSERT INTO pause_records (mentor_id, status, pause_reason, paused_at, reactivated_at, ended_by) VALUES (test.id('anna'), 'active', 'self_pause', now(), now(), 'reactivated')$$),
	($$INSERT INTO peer_mentor_certifications (peer_mentor_id, organisation_id, certification_type, issued_at, expires_at, anchor_on) VALUES (test.id('anna'), test.id('north'), 'course', now(), now(), now())$$),
	($$INSERT INTO peer_mentor_certifications (peer_mentor_id, organisation_id, certification_type, issued_at, expires_at, anchor_on) VALUES (test.id('anna'), test.id('north'), 'extra', '2024-02-01', '2024-01-31', now())$$),
	($$INSERT INTO peer_mentor_certifications (peer_mentor_id, organisation_id, certification_type, issued_at, expires_at, anchor_on, status) VALUES (test.id('anna'), test.id('north'), 'extra', now(), now(), now(), 'lost')$$),
	($$INSERT INTO peer_mentor_certifications (peer_mentor_id, organisation_id, certification_type, issued_at, expires_at, anchor_on, renewal_history) VALUES (test.id('anna'), test.id('north'), 'extra', now(), now(), now(), '{}')$$),
	($$INSERT INTO peer_mentor_certifications (peer_mentor_id, organisation_id, certification_type, issued_at, expires_at, anchor_on, renewal_history) VALUES (test.id('anna'), test.id('north'), 'extra', now(), now(), now(), '[{"event": "issued"}]')$$),
	($$INSERT INTO peer_mentor_certifications (peer_mentor_id, organisation_id, certification_type, issued_at, expires_at, anchor_on, renewal_history) VALUES (test.id('anna'), test.id('north'), 'extra', now(), now(), now(), '[{"schema_version": 1, "event": "found", "at": "x", "issued_at": "x", "expires_at": "x", "actor_kind": "system", "job_run_id": null}]')$$),
	($$INSERT INTO peer_mentor_certifications (peer_mentor_id, organisation_id, certification_type, issued_at, expires_at, anchor_on, renewal_history) VALUES (test.id('anna'), test.id('north'), 'extra', now(), now(), now(), '[{"schema_version": 1, "event": "issued", "at": "x", "issued_at": "x", "expires_at": "x", "actor_kind": "system", "job_run_id": null}]')$$),
	($$INSERT INTO certification_types (organisation_id, code) VALUES (test.id('north'), 'course')$$),
	($$INSERT INTO certification_types (organisation_id, code) VALUES (test.id('nowhere'), 'course')$$),
	($$INSERT INTO certification_types (organisation_id, code, valid_for) VALUES (test.id('north'), 'a', '0')$$),
	($$INSERT INTO certification_types (organisation_id, code, valid_for) VALUES (test.id('north'), 'a', '36 hours')$$),
	($$INSERT INTO certification_types (organisation_id, code, valid_for) VALUES (test.id('north'), 'a', '-1 year')$$),
	($$INSERT INTO certification_types (organisation_id, code, renewal_mode) VALUES (test.id('north'), 'a', 'sometimes')$$),
	($$INSERT INTO certification_types (organisation_id, code, grace_days) VALUES (test.id('north'), 'a', -1)$$),
	($$INSERT INTO certification_types (organisation_id, code, renewal_window_days) VALUES (test.id('north'), 'a', -1)$$),
	($$INSERT INTO cert_expiry_reminders (mentor_id, certification_type, expiry_date) VALUES (test.id('anna'), 'course', now())$$),
	($$INSERT INTO organisations (name, portal_sync) VALUES ('x', 'maybe')$$),
	($$INSERT INTO role_assignments (user_id, organisation_id, role) VALUES (test.id('kari'), test.id('north'), 'coordinator')$$),
	($$INSERT INTO role_assignments (user_id, organisation_id, chapter_id, role) VALUES (test.id('kari'), test.id('north'), test.id('n1'), 'org_admin')$$),
	($$INSERT INTO role_assignments (user_id, organisation_id, chapter_id, role) VALUES (test.id('kari'), test.id('north'), test.id('n1'), 'king')$$),
	($$INSERT INTO job_runs (job_name, as_of, status, worker_pid, worker_started) VALUES ('nightly', now(), 'tired', 1, now())$$),
	($$INSERT INTO outbox_events (channel, event_type, organisation_id, mentor_id, dedupe_key, payload) VALUES ('smoke', 'status_changed', test.id('north'), test.id('anna'), 'k', '{"schema_version": 1}')$$),
	($$INSERT INTO outbox_events (channel, event_type, organisation_id, mentor_id, dedupe_key, payload) VALUES ('notification', 'status_changed', test.id('north'), test.id('anna'), 'k', '{}')$$);
-- constraint triggers are on again, only the guards are left out
DO $$
DECLARE
	g record;
BEGIN
	FOR g IN SELECT tgrelid::regclass AS of, tgname FROM pg_trigger WHERE tgname LIKE 'peer\_mentor\_guard%' LOOP
		EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', g.of, g.tgname);
	END LOOP;
END
$$;
SELECT test.outcome(statement), regexp_replace(statement, '^INSERT INTO (\w+) .*VALUES (.*)$', '\1 \2') AS of FROM test.tries ORDER BY id;
DROP TABLE test.tries;
SELECT cardinality(missing_protection) > 0 AS missing FROM job_health;
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT count(*) AS applied FROM peer_mentor.migrate();
SELECT missing_protection FROM job_health;

-- updated_at moves
SELECT test.reset() \gset
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n FROM unnest(ARRAY['anna', 'bert']) n;
SELECT test.call(format('record_certification(%L, ''course'', %L)', test.id('anna'), test.today()));
SELECT test.call(format('pause_mentor(%L)', test.id('anna')));
CREATE TEMP TABLE before AS
	SELECT 'status' AS what, updated_at, created_at FROM peer_mentor_status UNION ALL SELECT 'pause', updated_at, created_at FROM pause_records
	UNION ALL SELECT 'certification', updated_at, created_at FROM peer_mentor_certifications
	UNION ALL SELECT 'reminder', updated_at, created_at FROM cert_expiry_reminders;
SELECT test.call(format('set_return_date(%L, %L)', test.id('anna'), test.today() + 9));
SELECT test.call(format('renew_certification(%L, ''course'')', test.id('anna')));
SELECT b.what, bool_or(a.updated_at > b.updated_at) AS moved, bool_and(a.created_at = b.created_at) AS created_stays
  FROM before b JOIN (
	SELECT 'status' AS what, updated_at, created_at FROM peer_mentor_status UNION ALL SELECT 'pause', updated_at, created_at FROM pause_records
	UNION ALL SELECT 'certification', updated_at, created_at FROM peer_mentor_certifications
	UNION ALL SELECT 'reminder', updated_at, created_at FROM cert_expiry_reminders) a USING (what, created_at)
 GROUP BY b.what ORDER BY b.what;

-- history is append-only, also where the change would be none
SELECT test.outcome('UPDATE peer_mentor_status_history SET reason = ''self_pause'''), test.outcome('UPDATE peer_mentor_status_history SET changed_by = NULL'),
       test.outcome('DELETE FROM peer_mentor_status_history');
-- the log shows the history in short
SELECT count(*) = (SELECT count(*) FROM peer_mentor_status_history) AS same FROM peer_mentor_status_log;

-- a mentor who is deleted takes everything along
SELECT test.outcome(format('DELETE FROM peer_mentors WHERE id = %L', test.id('anna')));
SELECT (SELECT count(*) FROM peer_mentor_status) AS status, (SELECT count(*) FROM peer_mentor_status_history) AS history,
       (SELECT count(*) FROM pause_records) AS pauses, (SELECT count(*) FROM peer_mentor_certifications) AS certifications,
       (SELECT count(*) FROM cert_expiry_reminders) AS reminders;
-- a login that is deleted leaves the rows, without a name; nobody acts with a login yet, so it is written past the guards
RESET SESSION AUTHORIZATION;
SELECT test.call(format('pause_mentor(%L)', test.id('bert')));
SET session_replication_role = replica;
UPDATE peer_mentors SET user_id = test.id('ola') WHERE id = test.id('bert');
UPDATE peer_mentor_status SET activated_by = test.id('kari');
UPDATE peer_mentor_status_history SET changed_by = test.id('kari');
UPDATE pause_records SET coordinator_id = test.id('kari');
RESET session_replication_role;
INSERT INTO role_assignments (user_id, organisation_id, role) VALUES (test.id('kari'), test.id('north'), 'org_admin');
INSERT INTO coordinator_assignments (coordinator_id, mentor_id) VALUES (test.id('kari'), test.id('bert'));
SELECT * FROM test.trace('bert');
DELETE FROM auth.users WHERE id = test.id('kari');
SELECT * FROM test.trace('bert');
SELECT (SELECT count(*) FROM role_assignments) AS roles, (SELECT count(*) FROM coordinator_assignments) AS assignments, user_id IS NOT NULL AS own_login
  FROM peer_mentors;
DELETE FROM auth.users WHERE id = test.id('ola');
SELECT user_id FROM peer_mentors;
SELECT * FROM test.broken_promises();

-- indexes are used: 3000 mentors, a handful each question asks for
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.reset() \gset
INSERT INTO chapters (id, organisation_id, name) SELECT test.id('c' || i), test.id('north'), 'c' || i FROM generate_series(1, 60) i;
INSERT INTO peer_mentors (id, organisation_id, external_key) SELECT test.id('m' || i), test.id('north'), i FROM generate_series(1, 3000) i;
INSERT INTO mentor_chapters (mentor_id, chapter_id) SELECT test.id('m' || i), test.id('c' || i % 60 + 1) FROM generate_series(1, 3000) i;
INSERT INTO register_import (mentor_key, certification_type, issued_on, expires_on)
	SELECT i, 'course', to_char(test.today() - 300, 'YYYY-MM-DD'), to_char(test.today() - 5 + i, 'YYYY-MM-DD') FROM generate_series(1, 3000) i;
SELECT * FROM peer_mentor.import_register(test.id('north'));
CALL peer_mentor.run_nightly();
DO $$
BEGIN
	FOR i IN 1000 .. 1299 LOOP
		PERFORM pause_mentor(test.id('m' || i));
	END LOOP;
	FOR i IN 1 .. 60 LOOP
		PERFORM pause_mentor(test.id('m999')), reactivate_mentor(test.id('m999'));
	END LOOP;
END
$$;
ANALYZE peer_mentor_status, peer_mentor_status_history, pause_records, peer_mentor_certifications, cert_expiry_reminders;
SELECT test.id('m999') AS mentor, test.id('c1') AS chapter, id AS run FROM job_runs \gset
CREATE FUNCTION pg_temp.index_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	used text[] := '{}';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		used := used || coalesce(substring(line FROM '(?:using|Bitmap Index Scan on) (\w+)'), CASE WHEN line ~ '(Seq Scan|Sort)' THEN btrim(line, ' ->') END);
	END LOOP;
	RETURN array_to_string(array_remove(used, NULL), ', ');
END
$$;
SELECT pg_temp.index_of(format('SELECT * FROM peer_mentor_status_history WHERE mentor_id = %L ORDER BY changed_at DESC LIMIT 20', :'mentor')) AS timeline;
SELECT pg_temp.index_of(format('SELECT * FROM peer_mentor_status_log WHERE mentor_id = %L ORDER BY changed_at DESC LIMIT 20', :'mentor')) AS log;
SELECT pg_temp.index_of(format('SELECT * FROM peer_mentor_status WHERE mentor_id = %L', :'mentor')) AS status;
SELECT pg_temp.index_of(format('SELECT * FROM peer_mentor_status WHERE chapter_id = %L AND status = ''active''', :'chapter')) AS chapter_and_status;
SELECT pg_temp.index_of(format('SELECT * FROM peer_mentor_status_history WHERE job_run_id = %L', :'run')) AS run;
SELECT pg_temp.index_of(format('SELECT * FROM peer_mentor_certifications WHERE status = ''active'' AND expires_at < %L', test.today())) AS due;
SELECT pg_temp.index_of(format('SELECT * FROM cert_expiry_reminders WHERE expiry_date = %L', test.today() + 30)) AS reminders;
SELECT pg_temp.index_of(format('SELECT * FROM pause_records WHERE mentor_id = %L AND status IN (''paused'', ''expired_cert'')', :'mentor')) AS live_pause;
SELECT test.reset() \gset
