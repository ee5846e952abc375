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
	'CREATE VIEW mentor_chapters AS SELECT 1 AS id', 'CREATE TABLE job_runs (id int)']) ddl;
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

SELECT count(*) FROM peer_mentor.migrate();
SELECT count(*) FROM peer_mentor.migrate();
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
