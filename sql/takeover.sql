-- A team that has a directory already, in a database of its own.
SELECT current_database() AS home \gset
SET client_min_messages = warning;
DROP DATABASE IF EXISTS regress_pm_takeover;
CREATE DATABASE regress_pm_takeover OWNER regress_pm_owner;
\c regress_pm_takeover
SET SESSION AUTHORIZATION regress_pm_owner;
CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	detail text;
	message text;
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL, message = MESSAGE_TEXT;
	RETURN state || ' ' || CASE WHEN detail LIKE '{%' THEN detail::json ->> 'code' ELSE message END;
END
$$;
CREATE EXTENSION peer_mentor;
-- without storage
\set SHOW_CONTEXT never
SELECT peer_mentor.pause_mentor(gen_random_uuid());
CALL peer_mentor.run_nightly();
SELECT s AS statement, pg_temp.outcome(s) FROM unnest(ARRAY['SELECT peer_mentor.reactivate_mentor(gen_random_uuid())', 'SELECT peer_mentor.register_mentor(gen_random_uuid(), gen_random_uuid(), ''{}'')', 'SELECT peer_mentor.record_certification(gen_random_uuid(), ''x'', now()::date)',
	'SELECT peer_mentor.import_register(gen_random_uuid())', 'SELECT peer_mentor.schedule_nightly()', 'SELECT peer_mentor.grant_access()', 'SELECT peer_mentor.evaluate_mentor(gen_random_uuid())', 'SELECT peer_mentor.register_inserted(''{}'')']) s;
SELECT * FROM peer_mentor.migrate(0);

-- the team's tables, with a name, a column and a right of their own, without auth.users
CREATE TABLE organisations (id uuid PRIMARY KEY, title text NOT NULL);
CREATE TABLE chapters (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), organisation_id uuid REFERENCES organisations, name varchar(80), phone text);
CREATE TABLE peer_mentors (id uuid PRIMARY KEY, organisation_id uuid REFERENCES organisations, display_name text, shoe_size int);
CREATE VIEW small_feet AS SELECT id FROM peer_mentors WHERE shoe_size < 38;
COMMENT ON TABLE peer_mentors IS 'ours';
GRANT SELECT, INSERT ON peer_mentors TO authenticated;
INSERT INTO organisations VALUES (md5('o')::uuid, 'Ours');
INSERT INTO chapters (organisation_id, name) VALUES (md5('o')::uuid, 'c');
INSERT INTO peer_mentors SELECT md5(i::text)::uuid, md5('o')::uuid, 'm' || i, 30 + i FROM generate_series(1, 20) i;
CREATE TEMP TABLE columns_before AS SELECT attrelid::regclass::text AS t, attname::text AS c, atttypid::regtype::text AS y FROM pg_attribute WHERE attrelid IN ('organisations'::regclass, 'chapters'::regclass, 'peer_mentors'::regclass) AND attnum > 0;
CREATE VIEW pg_temp.objects AS
	SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace UNION ALL SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
	UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
	UNION ALL SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_';
CREATE TEMP TABLE objects_before AS TABLE pg_temp.objects;

-- refused by name, nothing left behind
CREATE FUNCTION pg_temp.refused(ddl text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	told text;
BEGIN
	BEGIN
		EXECUTE ddl;
		told := pg_temp.outcome('SELECT peer_mentor.migrate()');
		RAISE EXCEPTION USING ERRCODE = 'UUUUU', MESSAGE = told || CASE WHEN to_regnamespace('peer_mentor_private') IS NULL THEN '' ELSE ', left something' END;
	EXCEPTION WHEN SQLSTATE 'UUUUU' THEN
		RETURN SQLERRM;
	END;
END
$$;
SELECT ddl, pg_temp.refused(ddl) FROM unnest(ARRAY[
	'ALTER TABLE organisations ADD COLUMN time_zone int', 'ALTER TABLE peer_mentors ADD COLUMN deleted_at date', 'ALTER TABLE peer_mentors ADD COLUMN user_id text', 'CREATE TABLE mentor_chapters (mentor_id int)',
	'ALTER TABLE chapters ALTER COLUMN id TYPE text', 'CREATE TABLE role_assignments (user_id uuid, organisation_id uuid, role text); INSERT INTO role_assignments VALUES (NULL, md5(''o'')::uuid, ''king'')', 'CREATE TABLE peer_mentor_status (id int)', 'CREATE TYPE mentor_status AS ENUM (''on'', ''off'')',
	'CREATE VIEW mentor_chapters AS SELECT 1 AS id', 'CREATE TABLE job_runs (id int)',
	'CREATE TABLE role_assignments (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id uuid, role text)', 'CREATE TABLE coordinator_assignments (id text PRIMARY KEY)', 'CREATE TABLE mentor_chapters (id bigint PRIMARY KEY)', 'CREATE TABLE role_assignments (id uuid, user_id uuid)',
	'CREATE TABLE mentor_chapters (mentor_id uuid PRIMARY KEY, chapter_id uuid)', 'CREATE TABLE mentor_chapters (mentor_id uuid, chapter_id uuid, since date, UNIQUE (chapter_id, since))',
	'CREATE TABLE mentor_chapters AS SELECT m.id AS mentor_id, c.id AS chapter_id FROM peer_mentors m, chapters c, generate_series(1, 2)']) ddl;
SELECT ddl, pg_temp.refused(ddl) FROM unnest(ARRAY['coordinator_assignments (id uuid PRIMARY KEY, mentor_id uuid)', 'coordinator_assignments (id uuid PRIMARY KEY, coordinator_id uuid)', 'mentor_chapters (id uuid PRIMARY KEY, chapter_id uuid)', 'mentor_chapters (id uuid PRIMARY KEY, mentor_id uuid)',
	'role_assignments (id uuid PRIMARY KEY, organisation_id uuid, role text)', 'role_assignments (id uuid PRIMARY KEY, user_id uuid, organisation_id uuid)']) t, format('CREATE TABLE %s; INSERT INTO %s VALUES (gen_random_uuid())', t, split_part(t, ' ', 1)) ddl;
BEGIN;
CREATE TABLE role_assignments (id uuid PRIMARY KEY, user_id uuid, role text);
INSERT INTO role_assignments VALUES (gen_random_uuid(), gen_random_uuid(), 'coordinator');
SELECT * FROM peer_mentor.migrate();
ROLLBACK;
BEGIN;
CREATE TABLE mentor_chapters (mentor_id uuid PRIMARY KEY, chapter_id uuid);
SELECT * FROM peer_mentor.migrate();
ROLLBACK;
ALTER TABLE peer_mentors DROP CONSTRAINT peer_mentors_pkey;
SELECT pg_temp.outcome('SELECT peer_mentor.migrate()');
ALTER TABLE peer_mentors ADD PRIMARY KEY (id);
RESET SESSION AUTHORIZATION;
ALTER TABLE chapters OWNER TO regress_pm_other;
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT * FROM peer_mentor.migrate();
RESET SESSION AUTHORIZATION;
ALTER TABLE chapters OWNER TO regress_pm_owner;
SET SESSION AUTHORIZATION regress_pm_owner;

-- the usual join table, filled, and tables without an id
BEGIN;
INSERT INTO chapters (id, organisation_id, name) SELECT md5('c' || i)::uuid, md5('o')::uuid, 'c' || i FROM generate_series(1, 3) i;
CREATE TABLE mentor_chapters (mentor_id uuid, chapter_id uuid, since date DEFAULT '2020-01-01', PRIMARY KEY (mentor_id, chapter_id));
CREATE TABLE role_assignments (user_id uuid, role text);
CREATE TABLE coordinator_assignments (coordinator_id uuid, mentor_id uuid, PRIMARY KEY (coordinator_id, mentor_id));
INSERT INTO mentor_chapters SELECT md5(i::text)::uuid, md5('c' || j)::uuid, CASE WHEN i = 2 AND j = 3 THEN '2019-01-01' ELSE '2020-01-01' END::date FROM generate_series(1, 20) i, generate_series(1, 3) j WHERE i > 1 OR j = 1;
INSERT INTO coordinator_assignments SELECT md5('u')::uuid, md5(i::text)::uuid FROM generate_series(1, 2) i;
CREATE TEMP TABLE link_columns ON COMMIT DROP AS SELECT attrelid, attname FROM pg_attribute WHERE attrelid IN ('mentor_chapters'::regclass, 'role_assignments'::regclass, 'coordinator_assignments'::regclass) AND attnum > 0;
SELECT count(*) FROM peer_mentor.migrate();
CREATE VIEW pg_temp.memberships AS SELECT c.name, m.is_primary, m.until IS NULL AS live, m.since FROM mentor_chapters m JOIN chapters c ON c.id = m.chapter_id WHERE m.mentor_id = md5('1')::uuid ORDER BY 1;
SELECT count(*) AS mentors, count(c.chapter_id) AS primaries, count(*) FILTER (WHERE s.chapter_id = c.chapter_id) AS mirrored, count(h.chapter_id) AS in_history,
       bool_and(c.chapter_id = CASE s.mentor_id WHEN md5('2')::uuid THEN md5('c3')::uuid ELSE o.oldest END) AS oldest
  FROM peer_mentor_status s LEFT JOIN mentor_chapters c ON c.mentor_id = s.mentor_id AND c.is_primary JOIN peer_mentor_status_history h ON h.mentor_id = s.mentor_id
 CROSS JOIN LATERAL (SELECT min(l.chapter_id::text)::uuid AS oldest FROM mentor_chapters l WHERE l.mentor_id = s.mentor_id) o;
SELECT * FROM peer_mentor.reconcile();
TABLE pg_temp.memberships;
-- join, change the primary one, leave, come back
SELECT set_mentor_chapters(md5('1')::uuid, ARRAY[md5('c1'), md5('c2')]::uuid[]);
SELECT name, is_primary, live FROM pg_temp.memberships;
SELECT set_mentor_chapters(md5('1')::uuid, ARRAY[md5('c2'), md5('c1')]::uuid[]);
SELECT name, is_primary, live FROM pg_temp.memberships;
SELECT set_mentor_chapters(md5('1')::uuid, ARRAY[md5('c2')]::uuid[]);
SELECT name, is_primary, live FROM pg_temp.memberships;
SELECT set_mentor_chapters(md5('1')::uuid, ARRAY[md5('c1')]::uuid[]);
SELECT name, is_primary, live, since = '2020-01-01' AS as_before FROM pg_temp.memberships;
UPDATE mentor_chapters SET until = '2021-01-01' WHERE mentor_id = md5('1')::uuid AND chapter_id = md5('c1')::uuid;
SELECT chapter_id FROM peer_mentor_status WHERE mentor_id = md5('1')::uuid;
-- the team's own insert and update, and the import
INSERT INTO mentor_chapters (mentor_id, chapter_id, since) VALUES (md5('1')::uuid, md5('c1')::uuid, '2023-01-01');
INSERT INTO mentor_chapters (mentor_id, chapter_id) VALUES (md5('1')::uuid, md5('c3')::uuid) ON CONFLICT DO NOTHING;
UPDATE mentor_chapters SET is_primary = true WHERE mentor_id = md5('1')::uuid AND chapter_id = md5('c3')::uuid;
SELECT * FROM pg_temp.memberships WHERE live;
SELECT pg_temp.outcome('INSERT INTO mentor_chapters (mentor_id, chapter_id) VALUES (md5(''1'')::uuid, md5(''c3'')::uuid)');
INSERT INTO certification_types (organisation_id, code, name) VALUES (md5('o')::uuid, 'course', 'course');
INSERT INTO register_import (mentor_key, chapter, certification_type, issued_on, expires_on) VALUES (md5('1')::uuid, 'c2', 'course', '2024-01-01', '2034-01-01');
SELECT * FROM peer_mentor.import_register(md5('o')::uuid);
SELECT name, is_primary, live FROM pg_temp.memberships;
SELECT new_status FROM register_mentor(md5('21')::uuid, md5('o')::uuid, ARRAY[md5('c2')]::uuid[]);
SELECT count(grant_role(md5('u')::uuid, md5('o')::uuid, 'coordinator', md5('c1')::uuid)) AS granted, count(assign_coordinator(md5('3')::uuid, md5('u')::uuid)) AS assigned;
SELECT pg_temp.outcome('SELECT assign_coordinator(md5(''1'')::uuid, md5(''u'')::uuid)');
SELECT * FROM peer_mentor.reconcile();
-- a column that its owner gives another type is not taken for what it was
ALTER TABLE certification_types DROP CONSTRAINT certification_types_valid_for_check, ALTER valid_for DROP DEFAULT, ALTER valid_for TYPE text;
SELECT pg_temp.outcome('SELECT record_certification(md5(''2'')::uuid, ''course'', current_date)');
DROP VIEW pg_temp.memberships;
SELECT count(*) FROM peer_mentor.migrate(0, force => true);
SELECT attrelid::regclass, attname FROM pg_attribute a WHERE attrelid IN (SELECT attrelid FROM link_columns) AND attnum > 0 AND NOT attisdropped AND NOT EXISTS (SELECT FROM link_columns l WHERE (l.attrelid, l.attname) = (a.attrelid, a.attname));
ROLLBACK;

-- a key by the day: the memberships before are kept, save those of the same day
BEGIN;
INSERT INTO chapters (id, organisation_id, name) SELECT md5('c' || i)::uuid, md5('o')::uuid, 'c' || i FROM generate_series(1, 2) i;
CREATE TABLE mentor_chapters (mentor_id uuid, chapter_id uuid, since date, until date, PRIMARY KEY (mentor_id, chapter_id, since));
INSERT INTO mentor_chapters VALUES (md5('1')::uuid, md5('c1')::uuid, '2020-01-01', '2020-02-01'), (md5('1')::uuid, md5('c1')::uuid, '2021-01-01', NULL);
SELECT count(*) FROM peer_mentor.migrate();
SELECT set_mentor_chapters(md5('1')::uuid, ARRAY[md5('c2'), md5('c1')]::uuid[]), set_mentor_chapters(md5('1')::uuid, ARRAY[md5('c1'), md5('c2')]::uuid[]), set_mentor_chapters(md5('1')::uuid, ARRAY[md5('c2'), md5('c1')]::uuid[]);
SELECT c.name, m.is_primary, m.until IS NULL AS live, CASE WHEN m.since < '2022-01-01' THEN m.since END AS since FROM mentor_chapters m JOIN chapters c ON c.id = m.chapter_id ORDER BY c.name, m.since;
UPDATE mentor_chapters SET since = '2022-01-01' WHERE until IS NULL;
UPDATE mentor_chapters SET is_primary = true WHERE chapter_id = md5('c1')::uuid AND until IS NULL;
SELECT c.name, m.is_primary, m.until IS NULL AS live, m.since FROM mentor_chapters m JOIN chapters c ON c.id = m.chapter_id ORDER BY c.name, m.since;
SELECT * FROM peer_mentor.reconcile();
ROLLBACK;

-- ids that nothing fills in
BEGIN;
ALTER TABLE chapters ALTER COLUMN id DROP DEFAULT;
CREATE TABLE mentor_chapters (id uuid UNIQUE, mentor_id uuid, chapter_id uuid);
CREATE TABLE role_assignments (id uuid PRIMARY KEY, user_id uuid);
CREATE TABLE coordinator_assignments (id uuid PRIMARY KEY);
INSERT INTO mentor_chapters SELECT NULL, md5('1')::uuid, id FROM chapters;
SELECT count(*) FROM peer_mentor.migrate();
SELECT count(grant_role(md5('u')::uuid, md5('o')::uuid, 'org_admin')) AS granted, count(assign_coordinator(md5('3')::uuid, md5('u')::uuid)) AS assigned;
SELECT count(put_chapter(md5('o')::uuid, 'd')) AS chapters;
SELECT new_status FROM register_mentor(md5('21')::uuid, md5('o')::uuid, ARRAY(SELECT id FROM chapters));
SELECT set_mentor_chapters(md5('1')::uuid, ARRAY(SELECT id FROM chapters ORDER BY name DESC));
INSERT INTO mentor_chapters (mentor_id, chapter_id) SELECT md5('2')::uuid, id FROM chapters;
INSERT INTO register_import (mentor_key, chapter, certification_type, issued_on, expires_on) VALUES ('k', 'new', 'course', '2024-01-01', '2034-01-01');
SELECT * FROM peer_mentor.import_register(md5('o')::uuid, create_missing => true);
SELECT count(*) AS memberships, count(id) AS ids, count(*) FILTER (WHERE is_primary AND until IS NULL) AS primaries FROM mentor_chapters;
SELECT * FROM peer_mentor.reconcile();
ROLLBACK;

-- mentors whose ids are their logins'
BEGIN;
CREATE SCHEMA auth;
CREATE TABLE auth.users (id uuid PRIMARY KEY);
INSERT INTO auth.users SELECT md5(i::text)::uuid FROM generate_series(1, 25) i;
ALTER TABLE peer_mentors ADD FOREIGN KEY (id) REFERENCES auth.users ON DELETE CASCADE;
SELECT count(*) FROM peer_mentor.migrate();
SELECT count(*) AS mentors, count(*) FILTER (WHERE user_id = id) AS themselves FROM peer_mentors;
INSERT INTO peer_mentors (id, organisation_id, user_id) VALUES (md5('21')::uuid, md5('o')::uuid, NULL), (md5('22')::uuid, md5('o')::uuid, md5('23')::uuid);
SELECT new_status FROM register_mentor(md5('24')::uuid, md5('o')::uuid, '{}');
SELECT pg_temp.outcome('SELECT register_mentor(md5(''23'')::uuid, md5(''o'')::uuid, ''{}'')');
SELECT count(*) AS mentors, count(*) FILTER (WHERE user_id = id) AS themselves FROM peer_mentors;
SELECT missing_protection FROM job_health;
DELETE FROM auth.users WHERE id = md5('1')::uuid;
SELECT count(*) FROM peer_mentors WHERE id = md5('1')::uuid;
ALTER TABLE peer_mentors DROP CONSTRAINT peer_mentors_id_fkey;
INSERT INTO peer_mentors (id, organisation_id) VALUES (md5('26')::uuid, md5('o')::uuid);
SELECT user_id FROM peer_mentors WHERE id = md5('26')::uuid;
SELECT count(*) FROM peer_mentor.migrate(0, force => true);
SELECT tgname FROM pg_trigger WHERE tgrelid = 'peer_mentors'::regclass AND NOT tgisinternal;
ROLLBACK;

SELECT count(*) FROM peer_mentor.migrate();
SELECT count(*) FROM peer_mentor.migrate();
SELECT count(user_id) AS with_login FROM peer_mentors;
-- nothing of theirs is renamed, dropped, commented on, revoked or put under row security
SELECT b.* FROM columns_before b WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = b.t::regclass AND a.attname = b.c AND a.atttypid = b.y::regtype);
SELECT obj_description('peer_mentors'::regclass) AS comment, relrowsecurity, has_table_privilege('authenticated', 'peer_mentors', 'INSERT') AS granted FROM pg_class WHERE relname = 'peer_mentors';
SELECT count(*) FROM small_feet;
SELECT c.relname, string_agg(a.attname || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END, ', ' ORDER BY a.attnum) AS added
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN peer_mentor_private.made m ON m.table_name = c.relname AND m.kind = 'column' AND m.name = a.attname
 WHERE c.relname IN ('organisations', 'chapters', 'peer_mentors') GROUP BY 1 ORDER BY 1;
-- every mentor has a status, the ones that come as well; the team's trigger-less insert as its own role
SELECT count(*) AS mentors, count(s.id) AS statuses, count(h.id) AS history, min(h.actor_kind) AS kind FROM peer_mentors m LEFT JOIN peer_mentor_status s ON s.mentor_id = m.id LEFT JOIN peer_mentor_status_history h ON h.mentor_id = m.id;
RESET SESSION AUTHORIZATION;
SET ROLE authenticated;
INSERT INTO peer_mentors (id, organisation_id, display_name) VALUES (md5('new')::uuid, md5('o')::uuid, 'new');
RESET ROLE;
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT new_status, version FROM pause_mentor(md5('new')::uuid);
SELECT new_status, version FROM reactivate_mentor(md5('new')::uuid);
CALL peer_mentor.run_nightly();
SELECT status FROM job_runs;
-- a mentor of no organisation cannot be looked after until they have one
INSERT INTO peer_mentors (id) VALUES (md5('stray')::uuid);
SELECT count(*) FROM peer_mentor_status s JOIN peer_mentor_status_history h USING (mentor_id, version) WHERE mentor_id = md5('stray')::uuid;
SELECT pg_temp.outcome('SELECT pause_mentor(md5(''stray'')::uuid)');
UPDATE peer_mentors SET organisation_id = md5('o')::uuid WHERE id = md5('stray')::uuid;
SELECT pg_temp.outcome('SELECT pause_mentor(md5(''stray'')::uuid)');
SELECT count(*) FROM peer_mentor.migrate();

-- back: their tables stay, without what was added, which is lost as rows are
SELECT * FROM peer_mentor.migrate(0);
SELECT count(*) FROM peer_mentor.migrate(0, force => true);
SELECT b.* FROM columns_before b WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = b.t::regclass AND a.attname = b.c AND a.atttypid = b.y::regtype);
SELECT a.attrelid::regclass, a.attname FROM pg_attribute a WHERE a.attrelid IN ('organisations'::regclass, 'chapters'::regclass, 'peer_mentors'::regclass) AND a.attnum > 0 AND NOT a.attisdropped
   AND NOT EXISTS (SELECT FROM columns_before b WHERE b.t = a.attrelid::regclass::text AND b.c = a.attname);
(SELECT '+' || name FROM (TABLE pg_temp.objects EXCEPT ALL TABLE objects_before) a) UNION ALL (SELECT '-' || name FROM (TABLE objects_before EXCEPT ALL TABLE pg_temp.objects) a);
SELECT count(*) FROM peer_mentors;
SELECT count(*) FROM small_feet;
-- and once more
SELECT count(*) FROM peer_mentor.migrate();
SELECT count(*) FROM peer_mentor_status;
\c :home
DROP DATABASE regress_pm_takeover;
